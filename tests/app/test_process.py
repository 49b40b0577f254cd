from __future__ import annotations

import subprocess
import sys

import pytest

from trioproxy.app.process import warn_of_forward_proxies

SCRIPT = """
import gc, logging, sys
from trioproxy.app.process import set_up_logging, tune_interpreter
set_up_logging()
logging.getLogger("trioproxy").info("told")
logging.getLogger("trioproxy").debug("details")
logging.getLogger("httpx").info("HTTP Request: ...")
tune_interpreter()
print(sys.getswitchinterval(), gc.get_freeze_count() > 0, gc.get_threshold()[0])
"""


@pytest.mark.parametrize(
    ("level", "told", "details"),
    [(None, True, False), ("debug", True, True), ("error", False, False), ("?", True, False)],
)
def test_a_process_is_set_up_once(level: str | None, told: bool, details: bool) -> None:
    environ = {} if level is None else {"TRIOPROXY_LOG": level}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environ, capture_output=True, text=True, check=True)

    assert ("told" in done.stderr, "details" in done.stderr) == (told, details)
    assert "HTTP Request" not in done.stderr
    assert done.stdout.split() == ["0.001", "True", "10000"]


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_forward_proxy_that_is_not_used_is_said(name: str, caplog: pytest.LogCaptureFixture) -> None:
    warn_of_forward_proxies({name: "http://proxy:3128", "PATH": "/bin"})

    assert f"{name} is set" in caplog.text
    assert "proxy:3128" not in caplog.text  # it may hold a password


def test_nothing_is_said_of_no_proxy(caplog: pytest.LogCaptureFixture) -> None:
    warn_of_forward_proxies({"HTTPS_PROXY": ""})

    assert not caplog.text
