from __future__ import annotations

import io
import shlex
from pathlib import Path

import pytest
from rich.console import Console

from trioproxy.cli.entry import main
from trioproxy.errors import ConfigurationError
from trioproxy.lab.explore.exploring import Order, command_for, explore, hunt_mutants
from trioproxy.lab.explore.findings import Failure
from trioproxy.lab.explore.parts import Wish
from trioproxy.lab.explore.screen import Screen
from trioproxy.trace.files import read
from trioproxy.trace.records import Event, Header, Run, Tally

BROKEN = "support.broken_subject:Broken"


class Shown(Screen):
    """A screen that can be read."""

    def __init__(self) -> None:
        self._out = io.StringIO()
        super().__init__(Console(file=self._out, width=200, highlight=False, markup=False))

    @property
    def text(self) -> str:
        return self._out.getvalue()


def test_nothing_is_broken(tmp_path: Path) -> None:
    screen, out = Shown(), tmp_path / "results.jsonl"

    status = explore(Order(Wish(["json"], ["leave"], [0]), 1, out, command=["x"]), screen)

    records = read(out)
    assert status == 0
    assert isinstance(records[0], Header)
    assert [type(record) for record in records[1:]] == [Tally]
    assert "no invariant was broken" in screen.text


def test_one_run_alone_shows_its_timeline_and_writes_it(tmp_path: Path) -> None:
    screen, out = Shown(), tmp_path / "results.jsonl"

    assert explore(Order(Wish(["paced"], ["leave"], [3], steps=(30,)), 1, out), screen) == 0
    [_, _, run, *events] = read(out)
    assert "fault (the client leaves" in screen.text
    assert isinstance(run, Run)
    assert (run.id, run.seed, run.broken) == ("paced/leave@30/3", 3, [])
    assert run.repeat == "trioproxy lab explore --scenario paced --seed 3 --fault leave --step 30"
    assert 'name = "paced"' in run.script
    assert {event.run for event in events if isinstance(event, Event)} == {run.id}


def test_what_is_broken_is_told_written_and_shrunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    screen, out = Shown(), tmp_path / "results.jsonl"

    status = explore(Order(Wish(["paced"], ["leave"], [0], subject=BROKEN), 1, out), screen)

    [_, tally, run, *events] = read(out)
    assert status == 1
    assert isinstance(tally, Tally)
    assert isinstance(run, Run)
    assert tally.examples == {"nothing left behind": run.id}
    assert run.repeat == "trioproxy lab explore --scenario paced --seed 0 --fault leave --step 0"
    assert all(isinstance(event, Event) for event in events)
    assert 'name = "paced"' in run.script
    assert "BROKEN" in screen.text
    assert "the smallest story found" in screen.text
    assert "saved as story.toml: trioproxy lab explore --scenario story.toml@paced" in screen.text


def test_it_stops_after_so_many_runs(tmp_path: Path) -> None:
    screen = Shown()

    assert explore(Order(Wish(["json"], seeds=range(1000)), 1, tmp_path / "f", most_runs=30), screen) == 0


@pytest.mark.parametrize(
    ("wish", "out"),
    [
        (Wish(["nowhere"]), "f"),
        (Wish(["json"], ["all-leave"]), "f"),
        (Wish(["json"], ["leave"]), "nowhere/at/all"),
    ],
)
def test_what_cannot_be(wish: Wish, out: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        explore(Order(wish, 1, tmp_path / out), Shown())


def test_the_command_that_repeats_a_run_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pair = Failure("paced", ("leave", "close"), 3, (30, 31), (("x", ""),))
    nothing = Failure("paced", (), 3, (), (("x", ""),))

    for failure in (pair, nothing):
        assert main(shlex.split(command_for(failure))[1:]) == 0


def test_deliberate_bugs_are_hunted(tmp_path: Path) -> None:
    screen, out = Shown(), tmp_path / "results.jsonl"

    assert hunt_mutants(["settled-twice"], 1, out, ["x"], screen) == 0
    [header, tally, run] = read(out)
    assert "1 of 1 deliberate bugs were found" in screen.text
    assert isinstance(header, Header)
    assert isinstance(tally, Tally)
    assert isinstance(run, Run)
    assert tally.subject == run.subject == "bug settled-twice"
    assert tally.broken == dict.fromkeys(run.broken, 1) == {"settled exactly once": 1}
