"""Faults of ours, one call's and no other's; and what interrupts the closing of a source."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trio
from support.seeds import over_seeds
from support.stage import LAST_EVENT, MarkMeter, Stage, at

from trioproxy.errors import ShuttingDown, UpstreamTruncated
from trioproxy.lab.script import Chunk, End, Head, Script
from trioproxy.model import CallOutcome, Plan, Reading
from trioproxy.model import Head as AnswerHead
from trioproxy.rules.lifecycle import Cause, Phase
from trioproxy.sources.base import Answer, Progress

WHOLE = Script.of(Head(), Chunk(b"one "), Chunk(LAST_EVENT), End())


class FaultyMeter(MarkMeter):
    """A meter with a bug in one of its methods."""

    def __init__(self, where: str) -> None:
        super().__init__()
        setattr(self, where, self._fail)

    def _fail(self, *args: object) -> Reading:
        raise ZeroDivisionError("a fault of the meter")


@pytest.mark.parametrize("where", ["feed", "end"])
def test_a_meter_that_fails_while_it_is_fed(where: str, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> Stage:
        stage = Stage(WHOLE, meter_for=lambda _: FaultyMeter(where))
        await stage.play()
        return stage

    for _, stage in over_seeds(story, 5):
        [settled] = stage.settled
        assert settled.cause is Cause.INTERNAL
        # At its end the last event had come already.
        assert settled.receipt.outcome is (CallOutcome.INTERNAL_ERROR if where == "feed" else CallOutcome.COMPLETED)
        assert settled.receipt.error == "OurError: ZeroDivisionError: a fault of the meter"
        assert not stage.reader.whole
        # What came was on its way before it was metered.
        assert stage.reader.body == (b"one " if where == "feed" else WHOLE.body)
    assert "a fault of ours" in caplog.text


def test_a_meter_that_cannot_be_read_leaves_the_framing_to_judge(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> Stage:
        stage = Stage(WHOLE, meter_for=lambda _: FaultyMeter("reading"))
        await stage.play()
        return stage

    for _, stage in over_seeds(story, 5):
        [settled] = stage.settled
        assert settled.receipt.outcome is CallOutcome.COMPLETED
        assert settled.receipt.reading == Reading()
        assert stage.reader.whole
    assert "its meter failed" in caplog.text


def test_a_head_that_no_meter_can_be_made_for(caplog: pytest.LogCaptureFixture) -> None:
    def no_meter(head: AnswerHead) -> MarkMeter:
        raise ZeroDivisionError(f"a fault of ours with {head.status}")

    async def story() -> Stage:
        stage = Stage(WHOLE, meter_for=no_meter)
        await stage.play()
        return stage

    for _, stage in over_seeds(story, 5):
        assert stage.settled[0].receipt.outcome is CallOutcome.INTERNAL_ERROR
        assert stage.reader.head is None
        assert stage.reader.failure is not None
        assert stage.reader.failure.status == 500
    assert "a fault of ours with 200" in caplog.text


def test_a_settling_that_fails_stays_within_its_call(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ZeroDivisionError("the ledger has a bug")

    async def story() -> Stage:
        stage = Stage(WHOLE, settle=fail)
        await stage.play()
        return stage

    for _, stage in over_seeds(story, 5):
        assert stage.reader.whole
    assert "could not be settled as completed" in caplog.text
    assert "the ledger has a bug" in caplog.text


class LeavingSlowly:
    """A source whose closing takes time, and may be interrupted."""

    @asynccontextmanager
    async def open(self, plan: Plan, progress: Progress) -> AsyncIterator[Answer]:
        class Nothing:
            head = AnswerHead(200, ())

            async def receive(self) -> bytes:
                await trio.lowlevel.checkpoint()
                return b""

        yield Nothing()
        await trio.sleep(1.0)


@pytest.mark.parametrize(
    ("act", "failed"),
    [
        (lambda stage: stage.reader.seat.leave(Cause.CLIENT_LEFT), UpstreamTruncated),
        (lambda stage: stage.house.close(), ShuttingDown),
    ],
)
@pytest.mark.parametrize("by_protocol", [True, False])
def test_what_interrupts_the_closing_does_not_change_how_the_answer_ended(
    act: Callable[[Stage], None], failed: type[Exception], by_protocol: bool
) -> None:
    async def story() -> Stage:
        stage = Stage(Script.of(Head(), End()), source=LeavingSlowly(), by_protocol=by_protocol)
        await stage.play(at(0.5, act))
        return stage

    for _, stage in over_seeds(story, 5):
        [settled] = stage.settled
        assert settled.phase is Phase.ENDED
        assert settled.receipt.duration_ms == 500
        assert settled.receipt.outcome is (CallOutcome.TRUNCATED if by_protocol else CallOutcome.COMPLETED)
        assert isinstance(stage.reader.failure, failed)
