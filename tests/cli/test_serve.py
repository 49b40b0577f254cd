"""`trioproxy serve`: what it hands on, and that its status is the command's."""

from __future__ import annotations

import sys
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
