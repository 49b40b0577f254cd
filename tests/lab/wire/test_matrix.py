"""Repetitions: one after the other, and together once patience was needed."""

from __future__ import annotations

import shlex

import pytest
import trio

from trioproxy.lab.guest.line import Way
from trioproxy.lab.wire.cells import Cell, Fault, chosen
from trioproxy.lab.wire.matrix import Matrix
from trioproxy.lab.wire.place import free_ports
from trioproxy.lab.wire.plan import Plan
from trioproxy.lab.wire.stage import Stage
from trioproxy.lab.wire.stories import scene
from trioproxy.lab.wire.target import Asking
from trioproxy.lab.wire.trial import Outcome
from trioproxy.trace.records import Record, Run

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
    assert most >= 1


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
