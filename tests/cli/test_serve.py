"""`trioproxy serve`: what it hands on, and that its status is the command's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from trioproxy.cli import main
from trioproxy.settings import Settings


def test_serve_hands_the_settings_on(monkeypatch: pytest.MonkeyPatch):
    given: list[Settings] = []

    def serve(settings: Settings) -> int:
        given.append(settings)
        return 1

    module = ModuleType("trioproxy.app.serve")
    module.serve = serve  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "trioproxy.app.serve", module)
    monkeypatch.setenv("TRIOPROXY_SERVER__PORT", "1")
    assert main(["serve", "--host", "::1"]) == 1
    assert main(["serve", "--port", "0"]) == 1
    assert [(settings.server.host, settings.server.port) for settings in given] == [("::1", 1), ("127.0.0.1", 0)]


def test_a_proxy_that_cannot_start_says_why_and_nothing_else(tmp_path: Path) -> None:
    """It must not announce an address first; nobody sees a traceback."""
    (tmp_path / "ledger.db").write_text("this is no database\n")
    environ = {**os.environ, "TRIOPROXY_LEDGER__URL": f"sqlite:///{tmp_path}/ledger.db", "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "trioproxy", "serve", "--port", "0"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(r"trioproxy: the ledger \S+ cannot be opened: file is not a database\n", done.stderr)
