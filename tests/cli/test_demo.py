"""`trioproxy demo`: what it hands on."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from trioproxy.cli import main


def test_demo_hands_its_options_on(monkeypatch: pytest.MonkeyPatch):
    given: list[tuple[bool, int]] = []

    def demo(serve: bool, port: int) -> int:
        given.append((serve, port))
        return 0

    module = ModuleType("trioproxy.lab.demo")
    module.demo = demo  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "trioproxy.lab.demo", module)
    assert main(["demo"]) == 0
    assert main(["demo", "--serve", "--port", "9"]) == 0
    assert given == [(False, 0), (True, 9)]
