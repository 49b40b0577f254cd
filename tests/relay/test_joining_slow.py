"""Several clients at one relay, of whom one does not keep up."""

from __future__ import annotations

import pytest
import trio
from support.reader import Reader
from support.seeds import over_seeds
from support.stage import LAST_EVENT, Stage, terms

from trioproxy.errors import FellBehind
from trioproxy.lab.script import Chunk, End, Head, Script
from trioproxy.model import CallOutcome, Policy
from trioproxy.rules.lifecycle import Phase
from trioproxy.seat import LIMIT_BYTES

DRAIN = terms(Policy.DRAIN)


def join(stage: Stage) -> None:
    assert stage.join() is not None


def _readers(stage: Stage) -> list[Reader]:
    return [stage.reader, *stage.joined]


# A client that does not keep up.

MEGABYTE = Script.of(Head(), *(Chunk(b"x" * 65_536) for _ in range(16)), Chunk(LAST_EVENT), End())


@pytest.mark.parametrize("first_stalls", [True, False])
def test_a_seat_that_stalls_slows_nobody_and_is_cut(first_stalls: bool) -> None:
    async def story() -> tuple[Stage, float]:
        stage = Stage(MEGABYTE, terms=terms(Policy.DRAIN, max_bytes=400_000), shared=True, reads=not first_stalls)

        async def second(stage: Stage) -> None:
            stage.join(reads=first_stalls)
            good = stage.joined[0] if first_stalls else stage.reader
            with trio.fail_after(1.0):  # the pump follows the fastest: nobody waits for the other
                await good.done.wait()
            assert good.whole
            slow = stage.reader if first_stalls else stage.joined[0]
            slow.may_read.set()

        await stage.play(second)
        return stage, trio.current_time()

    for _, (stage, _) in over_seeds(story):
        slow = stage.reader if first_stalls else stage.joined[0]
        assert isinstance(slow.failure, FellBehind)
        assert not slow.whole
        assert stage.settled[0].receipt.outcome is CallOutcome.COMPLETED


def test_within_the_bound_the_slow_one_catches_up() -> None:
    async def story() -> Stage:
        stage = Stage(MEGABYTE, terms=terms(Policy.DRAIN, max_bytes=2_000_000), shared=True)

        async def second(stage: Stage) -> None:
            slow = stage.join(reads=False)
            assert slow is not None
            await stage.reader.done.wait()
            slow.pause_s = 1.0
            slow.may_read.set()

        await stage.play(second)
        return stage

    for _, stage in over_seeds(story, 10):
        assert stage.reader.whole
        assert stage.joined[0].whole


def test_when_the_fast_one_leaves_the_slow_one_is_the_backpressure() -> None:
    async def story() -> Stage:
        script = Script.of(Head(), *(Chunk(b"x" * 65_536) for _ in range(8)), Chunk(LAST_EVENT), End())
        stage = Stage(script, terms=DRAIN, shared=True, reads=False)

        async def act(stage: Stage) -> None:
            fast = stage.join()
            assert fast is not None
            fast.pause_s = 1.0
            await trio.sleep(2.5)
            fast.leave()
            taken = stage.scripted.calls[0].received_bytes
            await trio.sleep(100.0)
            assert stage.relay.phase is Phase.BLOCKED
            assert stage.scripted.calls[0].received_bytes - taken <= 65_536
            stage.reader.may_read.set()

        await stage.play(act)
        return stage

    for _, stage in over_seeds(story):
        assert stage.reader.whole
        assert stage.settled[0].receipt.detached_ms == 0


def test_when_both_stall_the_upstream_waits_for_the_first_that_reads() -> None:
    async def story() -> Stage:
        stage = Stage(MEGABYTE, terms=terms(Policy.DRAIN, max_bytes=2_000_000), shared=True, reads=False)

        async def act(stage: Stage) -> None:
            other = stage.join(reads=False)
            assert other is not None
            await trio.sleep(50.0)
            assert stage.relay.phase is Phase.BLOCKED
            assert stage.scripted.calls[0].received_bytes <= LIMIT_BYTES + 65_536
            other.may_read.set()
            await other.done.wait()
            assert other.whole
            stage.reader.may_read.set()

        await stage.play(act)
        return stage

    for _, stage in over_seeds(story):
        assert stage.reader.whole


@pytest.mark.parametrize("size", [20_000, LIMIT_BYTES + 1, 65_536])
def test_two_that_take_what_they_are_given_at_once_are_not_behind_however_small_the_bound(size: int) -> None:
    script = Script.of(Head(), *(Chunk(b"x" * size) for _ in range(10)), Chunk(LAST_EVENT), End())

    async def story() -> Stage:
        stage = Stage(script, terms=terms(Policy.DRAIN, max_bytes=100), shared=True)

        async def second(stage: Stage) -> None:
            stage.join()

        await stage.play(second)
        return stage

    for _, stage in over_seeds(story):
        assert stage.settled[0].receipt.outcome is CallOutcome.COMPLETED
        assert all(reader.whole for reader in _readers(stage))
