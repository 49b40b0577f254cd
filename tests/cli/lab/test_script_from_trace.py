"""`trioproxy lab script-from-trace`."""

from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.cli import main
from trioproxy.lab.script import After, Leave
from trioproxy.lab.script.toml import parse_story, read_story
from trioproxy.trace.files import write
from trioproxy.trace.records import Event, Header, Lane, Record, Run, What

Output = pytest.CaptureFixture[str]
HEADER = Header(lab="trace", command=[], began_at="2026-11-29T06:00:00Z")


def results(folder: Path, *runs: str) -> str:
    records: list[Record] = [HEADER]
    for run in runs:
        records += [
            Run(id=run, subject="trioproxy", cell={"why": "asked for"}),
            Event(run=run, at_s=0.0, lane=Lane.CLIENT, what=What.REQUEST, note="POST /v1/messages"),
            Event(run=run, at_s=1.5, lane=Lane.CLIENT, what=What.LEFT),
        ]
    path = folder / "trace.jsonl"
    with path.open("wb") as file:
        write(records, file)
    return str(path)


def test_a_story_is_printed(tmp_path: Path, capsys: Output) -> None:
    assert main(["lab", "script-from-trace", results(tmp_path, "a")]) == 0
    said = capsys.readouterr().out

    assert said.startswith("# Made from run a of trioproxy: why asked for\n")
    assert parse_story(said, "x").clients[0].steps == ((After(1.5), Leave()),)


def test_or_written(tmp_path: Path, capsys: Output) -> None:
    story = tmp_path / "story.toml"

    assert main(["lab", "script-from-trace", results(tmp_path, "a", "b"), "--run", "b", "-o", str(story)]) == 0
    assert capsys.readouterr().out == ""
    assert read_story(story).name == "from b"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "has 2 runs with events; expected one by --run: a, b"),
        (["--run", "c"], "--run c: is not there; expected one of: a, b"),
        (["--run", "a", "--out", "/no/such/folder/x.toml"], "option --out: cannot write /no/such/folder/x.toml"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], said: str, tmp_path: Path, capsys: Output) -> None:
    assert main(["lab", "script-from-trace", results(tmp_path, "a", "b"), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there(capsys: Output) -> None:
    assert main(["lab", "script-from-trace", "/no/such/file.jsonl"]) == 2
    assert "/no/such/file.jsonl: cannot be read: No such file" in capsys.readouterr().err


def test_a_file_that_is_no_results_file(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("hello\n")

    assert main(["lab", "script-from-trace", str(path)]) == 2
    assert f"{path}: line 1: no record" in capsys.readouterr().err
