from __future__ import annotations

import pytest

from trioproxy.cli.entry import main


def test_what_there_is_to_be_explored(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "explore", "--list"]) == 0

    out = capsys.readouterr().out
    assert "linger-resend" in out
    assert "no-settling" in out


def test_it_explores(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["lab", "explore", "--scenario", "json", "--fault", "leave", "--seed", "1", "--jobs", "1"]

    assert main(command) == 0
    assert "no invariant was broken" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scenario", "nowhere"], "--scenario nowhere"),
        (["--fault", "flee"], "--fault flee"),
        (["--step", "x", "--fault", "leave"], "option --step"),
        (["--step", "1"], "--step"),
        (["--seeds", "0"], "--seeds"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "explore", *arguments]) == 2
    assert said in capsys.readouterr().err
