from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.cli.entry import main


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where a results file is written that nobody has named


def test_what_there_is_to_be_explored(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "explore", "--list"]) == 0

    out = capsys.readouterr().out
    assert "linger-resend" in out
    assert "upstream_rst_stream" in out
    assert "no-settling" in out


def test_it_explores(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["lab", "explore", "--scenario", "json", "--fault", "leave", "--seed", "1", "--jobs", "1"]

    assert main(command) == 0
    out = capsys.readouterr().out
    assert "no invariant was broken" in out
    [path] = Path().glob("lab-explore-*.jsonl")
    assert f"results are in {path}" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scenario", "padec"], "option --scenario: got 'padec' (did you mean 'paced'?); expected one of: stream, "),
        (["--scenario", "paced@no"], "option --scenario: paced@: got 'no'"),
        (["--scenario", "no.toml"], "no.toml: cannot be read: No such file or directory; expected a TOML file"),
        (["--fault", "leve"], "option --fault: got 'leve' (did you mean 'leave'?); expected one of: "),
        (["--scenario", "json", "--fault", "leave", "--step", "9999"], "option --step: got 9999; expected 0 to "),
        (["--fault", "leave+close", "--step", "9"], "option --step: got 1 step; expected 2 steps for leave+close"),
        (["--list", "--out", "f"], "option --out: means nothing beside --list"),
        (["--mutants", "--seeds", "3"], "option --seeds: means nothing beside --mutants"),
        (["--list", "--fault", "leave"], "option --fault: means nothing beside --list"),
        (["--seed", "1", "--seeds", "3"], "option --seeds: means nothing beside --seed"),
        (["--step", "x", "--fault", "leave"], "option --step"),
        (["--step", "1"], "--step"),
        (["--seeds", "0"], "--seeds"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "explore", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_names_have_commas_between_and_stories_of_the_lab_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--scenario", "upstream_reset,json", "--scenario", "upstream_refuse@linger", "--fault", "leave,stop"]

    assert main(["lab", "explore", *asked, "--seed", "0", "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    assert [name for name in ("upstream_reset ", "json ", "upstream_refuse@linger ") if name not in out] == []
