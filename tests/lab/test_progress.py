"""A progress bar is for a terminal; nothing of it is in a pipe."""

from __future__ import annotations

import pytest

from trioproxy.lab.progress import bar


def test_a_pipe_is_told_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("comparing") as tell:
        tell(1, 2)
        tell(2, 2)

    found = capsys.readouterr()
    assert (found.out, found.err) == ("", "")


def test_a_terminal_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with bar("comparing") as tell:
        tell(1, 2, "so far")

    said = capsys.readouterr().err
    assert "comparing" in said
    assert "so far" in said
