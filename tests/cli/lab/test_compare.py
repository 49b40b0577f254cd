"""`trioproxy lab compare`."""

from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.cli.entry import main
from trioproxy.lab.compare.experiment import Claim, Result, grid, names
from trioproxy.trace.files import read
from trioproxy.trace.records import Event, Figure, Header, Run, Tally

FEW = ("--scenario", "reset", "--fault", "leave", "--seeds", "1")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where a results file is written that nobody has named


def compare(*arguments: str) -> int:
    return main(["lab", "compare", *arguments])


def test_a_row_for_each_combination_and_the_proxy_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(*FEW, "--pump", "house,generator", "--cause", "structure,flag") == 0

    out = capsys.readouterr().out
    rows = [line.split()[0] for line in out.splitlines()[2:6]]
    assert out.split()[:2] == ["combination", "runs"]
    assert rows == ["trioproxy", "house", "house", "generator"]
    assert "left out: generator flag: a generator is told" in out


def test_the_same_arguments_print_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for _ in range(2):
        assert compare(*FEW, "--pump", "nested", "--examples", "--out", "same.jsonl") == 0
        said.append(capsys.readouterr().out)

    assert said[0] == said[1]


def test_examples_are_timelines_with_the_command_that_repeats_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(*FEW, "--pump", "generator", "--examples") == 0

    out = capsys.readouterr().out
    told = out.partition("generator: upstream closed: call 1 was closed 0 times\n")[2]
    command = next(line for line in told.splitlines() if line.startswith("  again: ")).removeprefix("  again: ")
    assert command.startswith("trioproxy lab compare --pump generator --scenario reset --fault leave --seed 0 --step ")
    assert compare(*command.split()[3:]) == 0
    again = capsys.readouterr().out
    assert "upstream closed: call 1 was closed 0 times" in again
    assert "fault (the client leaves" in again


def test_results_go_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "results.jsonl"
    assert compare(*FEW, "--pump", "generator", "--out", str(path)) == 0

    header, *records = read(path)
    assert isinstance(header, Header)
    assert header.lab == "compare"
    assert {type(record) for record in records} == {Tally, Run, Event}
    assert f"results are in {path}" in capsys.readouterr().out


def test_a_chosen_step_has_its_timeline_though_nothing_broke(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ("--scenario", "paced", "--fault", "leave+close", "--seed", "2", "--step", "12")
    assert compare("--pump", "house", *chosen, "--examples", "--out", "f.jsonl") == 0

    runs = [record for record in read(Path("f.jsonl")) if isinstance(record, Run)]
    assert [(run.subject, run.seed, run.measures, run.broken) for run in runs] == [
        ("trioproxy", 2, {"step": 12}, []),
        ("house", 2, {"step": 12}, []),
    ]
    assert [run.id for run in runs] == [*dict.fromkeys(e.run for e in read(Path("f.jsonl")) if isinstance(e, Event))]
    assert capsys.readouterr().out.count(": nothing was broken\n") == 2


def test_a_file_that_cannot_be_written_is_said_before_anything_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare("--out", str(tmp_path / "nowhere" / "results.jsonl")) == 2

    assert "option --out: cannot write" in capsys.readouterr().err


def test_all_that_is_wrong_with_the_axes_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare("--pump", "garden", "--settle", "later", "--scenario", "paced") == 2

    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("option --pump: got 'garden'; expected one of: house, ")
    assert second.startswith("option --settle: got 'later'; expected enqueue, ")


def test_a_scenario_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare("--scenario", "fable") == 2

    assert capsys.readouterr().err.startswith("option --scenario: got 'fable' (did you mean 'garbled'?); expected")


def test_experiments_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare("--list") == 0

    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if not line.startswith(" ")] == names()


def test_an_experiment_says_what_was_measured_and_which_claims_hold(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from trioproxy.lab.experiments import what_a_flag_gets_wrong as experiment

    claims = (Claim("It is so.", holds=True), Claim("It is not.", holds=False))
    result = Result((("Runs:", grid(("pump", "runs"), [("house", 3)])),), claims)
    monkeypatch.setattr(experiment, "measure", lambda seeds: result)

    assert compare("what_a_flag_gets_wrong") == 0
    out = capsys.readouterr().out
    assert out.startswith("What does a flag get wrong?\n\nA flag that whoever")
    assert "house     3\n" in out
    assert "        holds  It is so.\ndoes not hold  It is not.\n" in out
    [path] = Path().glob("lab-compare-*.jsonl")
    header, *records = read(path)
    assert isinstance(header, Header)
    assert {type(record) for record in records} == {Figure}
    assert f"results are in {path}" in out


def test_an_experiment_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare("what_is_love") == 2

    assert "EXPERIMENT: got 'what_is_love'; expected one of: " in capsys.readouterr().err


def test_values_are_repeated_or_have_commas_between(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for pumps in (["--pump", "house,request"], ["--pump", "house", "--pump", "request"]):
        assert compare(*FEW, *pumps, "--out", "same.jsonl") == 0
        said.append(capsys.readouterr().out)

    assert said[0] == said[1]
    assert "request" in said[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["what_a_flag_gets_wrong", "--seeds", "1", "--step", "1"], ["--seeds", "--step"]),
        (["--list", "what_a_flag_gets_wrong", "--examples"], ["EXPERIMENT", "--examples"]),
        (["--seed", "1", "--seeds", "3"], ["--seeds"]),
        (["--pump", "house", "--scenario", "reset", "--fault", "leave", "--step", "9999"], ["--step: got 9999"]),
    ],
)
def test_nothing_is_ignored_in_silence(
    arguments: list[str], said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(*arguments) == 2

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(said)
    assert all(words in line for words, line in zip(said, lines, strict=True))
