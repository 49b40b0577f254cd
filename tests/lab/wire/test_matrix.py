"""Repetitions: one after the other, and together once patience was needed."""

from __future__ import annotations

import shlex

import pytest
import trio

from trioproxy.lab.guest.line import Way
from trioproxy.lab.ports import free_ports
from trioproxy.lab.wire.cells import Cell, Fault, chosen
from trioproxy.lab.wire.matrix import Matrix
from trioproxy.lab.wire.plan import Plan
from trioproxy.lab.wire.stage import Stage
from trioproxy.lab.wire.stories import scene
from trioproxy.lab.wire.target import Asking
from trioproxy.lab.wire.trial import Outcome
from trioproxy.trace.records import Event, Lane, Record, Run, What

PLAIN = Cell("h1", fault=Fault.NONE)


async def runs_of(word: str, plan: Plan) -> tuple[list[Run], bool, int]:
    """The runs, whether all went well, and how many were on at once."""
    port, records, most = free_ports(1)[0], list[Record](), 0
    [cell] = chosen([word], ["h1"])
    async with Stage.set_up(port, scene(PLAIN).script) as stage:

        def door(_: str) -> Way:
            nonlocal most
            most = max(most, len(stage.upstream.open_connections))
            return Way(("127.0.0.1", port))

        matrix = Matrix("tiny", stage, Asking(), door, plan, records.append)
        well = await matrix.run(cell)
        with trio.fail_after(5):
            assert await matrix.ailment("h1") is None
    return [record for record in records if isinstance(record, Run)], well, most


async def test_each_repetition_is_a_run():
    runs, well, most = await runs_of("FIN/waiting", Plan((), repetitions=4))

    assert [run.repetition for run in runs] == [0, 1, 2, 3]
    assert well
    assert most <= 1
    assert (
        runs[0].repeat
        == "trioproxy lab wire --target tiny --protocol h1 --cells 'FIN/waiting for the head' --no-figures"
    )


async def test_the_command_that_repeats_a_run_names_its_target_as_it_was_given():
    runs, _, _ = await runs_of("the API's end missing", Plan((), repetitions=1, called={"tiny": "my own.toml"}))

    assert shlex.split(runs[0].repeat)[3:] == [
        *("--target", "my own.toml", "--protocol", "h1", "--cells", "the API's end missing", "--no-figures")
    ]


async def test_floods_are_run_half_as_often():
    runs, well, _ = await runs_of("FIN/blocked", Plan((), repetitions=4, patience_s=10))
    assert (len(runs), well) == (2, True)


async def test_those_that_only_wait_wait_together_and_are_fewer():
    runs, well, most = await runs_of(
        "accepts and says nothing", Plan((), repetitions=9, patient_repetitions=4, patience_s=0.3)
    )

    assert [run.repetition for run in runs] == [0, 1, 2, 3]
    assert not well
    assert most == 4


@pytest.mark.parametrize(("first", "count"), [(True, 4), (False, 9)])
async def test_how_many_there_are_is_decided_by_a_first_run_that_does_not_count(
    first: bool, count: int, monkeypatch: pytest.MonkeyPatch
):
    waits = [first]

    async def once(_: Matrix, __: Cell) -> Outcome:
        waited = waits.pop() if waits else not first
        return Outcome({"told": not waited}, waited=waited)

    monkeypatch.setattr(Matrix, "_once", once)
    records: list[Record] = []
    [cell] = chosen(["FIN/waiting"], ["h1"])
    stage = Stage.nobody(free_ports(1)[0])
    matrix = Matrix("tiny", stage, Asking(), lambda _: Way(("127.0.0.1", 1)), Plan((), repetitions=9), records.append)

    assert not await matrix.run(cell)
    assert [record.measures for record in records if isinstance(record, Run)] == [{"told": first}] * count


def a_run(*events: Event, waited: bool = False, lie: bool = False) -> Outcome:
    return Outcome({"lie": lie}, list(events), waited=waited, began_at=1.0)


def moment(what: What, at_s: float = 1.0) -> Event:
    return Event(run="", at_s=at_s, lane=Lane.CLIENT, what=what)


async def written(monkeypatch: pytest.MonkeyPatch, *outcomes: Outcome) -> list[Record]:
    """What the runs of one cell are written as, if they come to that."""
    left = list(outcomes)

    async def once(_: Matrix, __: Cell) -> Outcome:
        return left.pop(0)

    monkeypatch.setattr(Matrix, "_once", once)
    records: list[Record] = []
    plan = Plan((), repetitions=len(outcomes), patient_repetitions=len(outcomes))
    stage = Stage.nobody(free_ports(1)[0])
    await Matrix("tiny", stage, Asking(), lambda _: Way(("127.0.0.1", 1)), plan, records.append).run(PLAIN)
    return records


async def test_the_timelines_of_the_first_run_and_the_first_that_lies_or_waits_are_written(
    monkeypatch: pytest.MonkeyPatch,
):
    left = moment(What.LEFT, 1.5)
    records = await written(
        monkeypatch, a_run(left), a_run(left), a_run(left, lie=True), a_run(left, lie=True), a_run(left, waited=True)
    )

    events = [record for record in records if isinstance(record, Event)]
    assert [event.run.rpartition("/")[2] for event in events] == ["0", "2", "4"]
    assert {event.at_s for event in events} == {0.5}


async def test_of_a_long_timeline_only_bytes_are_left_out_and_how_many_is_said(monkeypatch: pytest.MonkeyPatch):
    pieces = [moment(What.BYTES, 1 + number / 1000) for number in range(500)]
    events = [moment(What.REQUEST), *pieces, moment(What.LEFT, 2), moment(What.TOLD, 3)]

    [run, *told] = await written(monkeypatch, a_run(*events))

    assert isinstance(run, Run)
    assert run.measures["dropped_events"] == 303
    assert len(told) == 200
    whats = [event.what for event in told if isinstance(event, Event)]
    assert (whats[0], whats[-2:]) == (What.REQUEST, [What.LEFT, What.TOLD])
    ats = [round((event.at_s) * 1000) for event in told[1:-2] if isinstance(event, Event)]
    assert ats == [*range(99), *range(402, 500)] or ats == [*range(98), *range(401, 500)]


async def test_of_a_short_timeline_nothing_is_left_out(monkeypatch: pytest.MonkeyPatch):
    [run, *told] = await written(monkeypatch, a_run(*[moment(What.BYTES)] * 200))
    assert isinstance(run, Run)
    assert "dropped_events" not in run.measures
    assert len(told) == 200
