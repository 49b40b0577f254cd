"""What was found, as a table and as records."""

from __future__ import annotations

import io

import pytest

from trioproxy.lab.compare.results import Example, Standing, records, repeat, table
from trioproxy.lab.compare.semantics import Cause, Leaving, Pump, Semantics
from trioproxy.lab.compare.sweep import Contestant
from trioproxy.lab.explore.findings import Failure, Findings
from trioproxy.lab.explore.invariants import Invariant
from trioproxy.trace.files import write
from trioproxy.trace.records import Event, Lane, Run, Tally, What

FAILURE = Failure("paced", ("leave", "close"), 2, (17, 17), ((Invariant.CLOSED, "call 1 was closed 0 times"),))
EVENT = Event(run="x", at_s=1.0, lane=Lane.CLIENT, what=What.LEFT)


@pytest.fixture
def standings() -> list[Standing]:
    right, wrong = Standing(Contestant(Semantics())), Standing(Contestant(Semantics(Pump.GENERATOR)))
    right.cells = [Findings("paced", "leave", runs=200)]
    wrong.cells = [
        Findings("paced", "leave", runs=150, broken={Invariant.CLOSED: 1}),
        Findings(
            "paced", "leave+close", 50, broken={Invariant.CLOSED: 19}, endings={"completed": 50}, failures=[FAILURE]
        ),
    ]
    wrong.examples = {Invariant.CLOSED: Example(FAILURE, (EVENT,))}
    return [right, wrong]


def test_a_row_for_each_and_a_column_for_each_invariant_that_anybody_broke(standings: list[Standing]) -> None:
    found = table(standings)

    assert [column.title for column in found.columns] == ["combination", "runs", "upstream closed"]
    assert found.rows == (("house", "200", "–"), ("generator", "200", "20 (10 %)"))


def test_little_is_not_nothing() -> None:
    rare = Standing(Contestant(Semantics()), [Findings("paced", "leave", runs=1000, broken={Invariant.CLOSED: 1})])

    assert table([rare]).rows == (("house", "1000", "1 (<1 %)"),)


def test_records_are_tallies_then_runs_with_their_events(standings: list[Standing]) -> None:
    found = [*records(standings)]

    assert [type(each) for each in found] == [Tally, Tally, Tally, Run, Event]
    tally, run = found[2], found[3]
    assert isinstance(tally, Tally)
    assert isinstance(run, Run)
    assert tally.cell == {**Semantics(Pump.GENERATOR).cell, "scenario": "paced", "fault": "leave+close"}
    assert (tally.runs, tally.broken, tally.counts) == (50, {Invariant.CLOSED: 19}, {"completed": 50})
    assert tally.examples == {Invariant.CLOSED: run.id}
    assert (run.subject, run.seed, run.measures) == ("generator", 2, {"step": 17})
    assert run.broken == [Invariant.CLOSED]
    write(found, io.BytesIO())


def test_a_run_says_how_it_is_repeated() -> None:
    contestant = Contestant(Semantics(Pump.REQUEST, Leaving.of("linger:3"), cause=Cause.FLAG))

    assert repeat(contestant, FAILURE) == (
        "trioproxy lab compare --pump request --policy linger:3 --cause flag --scenario paced --fault leave+close "
        "--seed 2 --step 17 --examples"
    )


def test_the_first_failure_of_each_invariant(standings: list[Standing]) -> None:
    assert [*standings[1].first_failures()] == [(Invariant.CLOSED, FAILURE)]
    assert standings[1].broken == {Invariant.CLOSED: 20}
