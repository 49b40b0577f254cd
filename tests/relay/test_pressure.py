"""A slow client slows its upstream down, and costs no more than one limit and one read."""

from __future__ import annotations

import random

import pytest
import trio
from support.seeds import over_seeds
from support.stage import LAST_EVENT, Stage

from trioproxy.lab.script import Chunk, End, Head, Script
from trioproxy.model import CallOutcome
from trioproxy.rules.lifecycle import Cause, Phase
from trioproxy.seat import LIMIT_BYTES

READ_BYTES = 65_536


class Gauge(trio.abc.Instrument):
    """The most that ever waited between a source and a reader, looked at after every step of any task."""

    def __init__(self) -> None:
        self.stage: Stage | None = None
        self.most_bytes = 0

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        if self.stage is not None and self.stage.scripted.calls:
            taken = self.stage.scripted.calls[0].received_bytes
            self.most_bytes = max(self.most_bytes, taken - len(self.stage.reader.body))


async def measured(stage: Stage) -> Gauge:
    gauge = Gauge()
    gauge.stage = stage
    trio.lowlevel.add_instrument(gauge)
    await stage.play()
    return gauge


def script_of(sizes: list[int]) -> Script:
    return Script.of(Head(), *(Chunk(b"x" * size) for size in sizes), Chunk(LAST_EVENT), End())


@pytest.mark.parametrize(
    "sizes",
    [
        [READ_BYTES] * 20,
        [LIMIT_BYTES] * 20,
        [LIMIT_BYTES - 1, READ_BYTES] * 10,
        [1] * 500,
        [size for _ in range(40) for size in random.Random(1).choices([1, 100, 5_000, LIMIT_BYTES, READ_BYTES], k=2)],
    ],
    ids=["reads", "limits", "worst", "bytes", "mixed"],
)
@pytest.mark.parametrize("pause_s", [0.0, 1.0])
def test_what_waits_is_bounded_in_bytes(sizes: list[int], pause_s: float) -> None:
    async def story() -> tuple[Stage, Gauge]:
        stage = Stage(script_of(sizes))
        stage.reader.pause_s = pause_s
        return stage, await measured(stage)

    # What waits at the limit, one read on top of it, and, once it has been taken, one more that nobody
    # has: the reader's own send.
    bound_bytes = LIMIT_BYTES + READ_BYTES
    for _, (stage, gauge) in over_seeds(story, 10):
        assert stage.reader.whole
        assert stage.settled[0].receipt.outcome is CallOutcome.COMPLETED
        assert gauge.most_bytes <= bound_bytes
        assert max(map(len, stage.reader.chunks)) <= bound_bytes


def test_a_client_that_stops_reading_stops_the_upstream() -> None:
    async def story() -> Stage:
        stage = Stage(script_of([READ_BYTES] * 20), reads=False)

        async def stall(stage: Stage) -> None:
            await trio.sleep(1_000.0)
            assert stage.relay.phase is Phase.BLOCKED
            assert stage.scripted.calls[0].received_bytes == READ_BYTES
            stage.reader.seat.leave(Cause.CLIENT_STALLED)

        await stage.play(stall)
        return stage

    for _, stage in over_seeds(story):
        [settled] = stage.settled
        assert (settled.phase, settled.cause) == (Phase.BLOCKED, Cause.CLIENT_STALLED)
        assert settled.receipt.outcome is CallOutcome.ABANDONED


def test_what_waits_is_joined_into_one_send() -> None:
    async def story() -> Stage:
        stage = Stage(script_of([1_000] * 20))
        stage.reader.pause_s = 1.0
        await stage.play()
        return stage

    for _, stage in over_seeds(story):
        # One when it came, what piled up during the pause (all but at most one), the last event.
        assert len(stage.reader.chunks) <= 3
        assert stage.reader.whole


def test_a_blocked_relay_goes_on_when_all_that_waited_is_taken() -> None:
    async def story() -> Stage:
        stage = Stage(script_of([LIMIT_BYTES + 1] * 3))
        stage.reader.pause_s = 10.0
        await stage.play()
        return stage

    for _, stage in over_seeds(story):
        # Taken at 0, 10, 20, 30 s, each when it came or while the one before was being sent.
        assert [len(chunk) for chunk in stage.reader.chunks[:2]] == [LIMIT_BYTES + 1] * 2
        assert stage.reader.whole
