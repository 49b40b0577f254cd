"""The call's row is durable before the first byte goes upstream, if the ledger answers in time."""

from __future__ import annotations

import pytest
import trio
from support.seeds import over_seeds
from support.stage import LAST_EVENT, Stage, at

from trioproxy.lab.script import Chunk, End, Head, Refuse, Script
from trioproxy.model import CallOutcome
from trioproxy.phases import COMMIT_PATIENCE_S
from trioproxy.rules.lifecycle import Cause, Phase

SCRIPT = Script.of(Head(), Chunk(LAST_EVENT), End())


def permitted(stage: Stage) -> bool:
    return bool(stage.scripted.calls) and stage.scripted.calls[0].permitted


def test_nothing_is_sent_before_the_row_is_durable() -> None:
    async def story() -> Stage:
        durable = trio.Event()
        stage = Stage(SCRIPT, durable=durable)

        async def commit(stage: Stage) -> None:
            await trio.sleep(0.2)
            assert not permitted(stage)
            assert stage.scripted.calls[0].phases == [Phase.CONNECTING]
            durable.set()

        await stage.play(commit)
        return stage

    for _, stage in over_seeds(story):
        assert stage.settled[0].receipt.duration_ms == 200
        assert stage.late == 0


def test_a_ledger_that_does_not_answer_is_not_waited_for() -> None:
    async def story() -> Stage:
        stage = Stage(SCRIPT, durable=trio.Event())

        async def look(stage: Stage) -> None:
            await trio.sleep(COMMIT_PATIENCE_S - 0.001)
            assert not permitted(stage)
            await trio.sleep(0.002)
            assert permitted(stage)

        await stage.play(look)
        return stage

    assert COMMIT_PATIENCE_S == 0.25
    for _, stage in over_seeds(story):
        [settled] = stage.settled
        assert settled.receipt.outcome is CallOutcome.COMPLETED
        assert settled.receipt.duration_ms == 250
        assert stage.late == 1


@pytest.mark.parametrize("recorded", [True, False])
def test_a_row_that_is_durable_already_or_is_not_written_costs_nothing(recorded: bool) -> None:
    async def story() -> Stage:
        durable = trio.Event() if recorded else None
        if durable is not None:
            durable.set()
        stage = Stage(SCRIPT, durable=durable)
        await stage.play()
        return stage

    for _, stage in over_seeds(story, 5):
        assert permitted(stage)
        assert stage.settled[0].receipt.duration_ms == 0
        assert stage.late == 0


def test_the_commit_runs_beside_the_connecting() -> None:
    async def story() -> Stage:
        durable = trio.Event()
        stage = Stage(Script.of(1.0, Refuse()), durable=durable)
        await stage.play(at(0.3, lambda _: durable.set()))
        return stage

    for _, stage in over_seeds(story):
        assert stage.settled[0].receipt.outcome is CallOutcome.CONNECT_FAILED
        assert stage.late == 0


def test_leaving_while_the_ledger_is_waited_for() -> None:
    async def story() -> Stage:
        stage = Stage(SCRIPT, durable=trio.Event())
        await stage.play(at(0.1, lambda stage: stage.reader.seat.leave(Cause.CLIENT_LEFT)))
        return stage

    for _, stage in over_seeds(story):
        [settled] = stage.settled
        assert settled.receipt.outcome is CallOutcome.ABANDONED
        assert not permitted(stage)
        assert stage.late == 0
