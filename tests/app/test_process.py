from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import gc, logging, sys
from trioproxy.app.process import set_up_logging, tune_interpreter
set_up_logging()
logging.getLogger("trioproxy").info("told")
logging.getLogger("trioproxy").debug("details")
logging.getLogger("httpx").info("HTTP Request: ...")
tune_interpreter()
print(sys.getswitchinterval(), gc.get_freeze_count() > 0)
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
    assert done.stdout.split() == ["0.001", "True"]
