"""Several clients at one relay: joins and leaves as scripts of events, under many schedules."""

from __future__ import annotations

import itertools

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from support.seeds import SEEDS, AtStep, over_seeds, run_seeded
from support.stage import LAST_EVENT, Reader, Stage, at, terms

from trioproxy.errors import FellBehind, OurError, UpstreamClosed, UpstreamTruncated
from trioproxy.lab.script import Chunk, Close, End, Head, Script
from trioproxy.model import CallOutcome, Policy
from trioproxy.rules.lifecycle import Cause, Phase
from trioproxy.seat import LIMIT_BYTES

DRAIN = terms(Policy.DRAIN)
# The head at 1 s, a chunk at each of 2, 3, 4, 5 s, the end at 6 s.
SLOW = Script.of(
    1.0, Head(), 1.0, Chunk(b"one "), 1.0, Chunk(b"two "), 1.0, Chunk(b"three "), 1.0, Chunk(LAST_EVENT), 1.0, End()
)
MOMENTS = [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]


def join(stage: Stage) -> None:
    assert stage.join() is not None


def leave_first(stage: Stage) -> None:
    stage.reader.leave()


@pytest.mark.parametrize("joined_at", MOMENTS)
def test_who_joins_gets_it_all_at_once_and_then_live(joined_at: float) -> None:
    async def story() -> tuple[Stage, bytes]:
        stage = Stage(SLOW, terms=DRAIN, shared=True)
        had: list[bytes] = []
        await stage.play(at(joined_at, join), at(joined_at + 0.25, lambda stage: had.append(stage.joined[0].body)))
        return stage, had[0]

    for _, (stage, had) in over_seeds(story):
        assert stage.reader.whole
        assert stage.joined[0].whole
        assert stage.joined[0].head == stage.reader.head
        assert had == b"".join([b"one ", b"two ", b"three ", LAST_EVENT][: max(0, int(joined_at - 1))])
        assert len(stage.scripted.calls) == 1
        assert stage.settled[0].receipt.detached_ms == 0


@pytest.mark.parametrize(("left_at", "joined_at"), list(itertools.product(MOMENTS, MOMENTS)))
def test_leave_and_join_at_every_chunk_in_both_orders(left_at: float, joined_at: float) -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, body=b"{}", terms=DRAIN, shared=True)
        # At the same moment in either order, as the schedule has it.
        await stage.play(at(left_at, leave_first), at(joined_at, join))
        return stage

    for _, stage in over_seeds(story, 10):
        assert stage.joined[0].whole
        receipt = stage.settled[0].receipt
        assert receipt.outcome is CallOutcome.COMPLETED
        assert receipt.detached_ms == max(0.0, joined_at - left_at) * 1000
        assert stage.recorded == SLOW.body


def test_the_upstream_ends_when_the_last_has_left_and_the_seconds_are_over() -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=terms(Policy.LINGER, linger_s=1.0), shared=True)
        await stage.play(
            at(2.1, leave_first),
            at(2.9, join),  # just in time
            at(3.1, lambda stage: stage.joined[0].leave()),
        )
        return stage

    for _, stage in over_seeds(story):
        receipt = stage.settled[0].receipt
        assert receipt.outcome is CallOutcome.ABANDONED
        assert receipt.duration_ms == pytest.approx(4_100)
        assert receipt.detached_ms == pytest.approx(1_800)
        assert stage.recorded is None


def test_at_the_very_moment_of_the_deadline_a_join_is_in_time_or_refused_but_never_cut() -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=terms(Policy.LINGER, linger_s=1.0), shared=True)
        await stage.play(at(2.5, leave_first), at(3.5, lambda stage: stage.join()))  # type: ignore[arg-type, return-value]
        return stage

    for _, stage in over_seeds(story):
        if stage.joined:
            assert stage.joined[0].whole
        else:
            assert stage.settled[0].receipt.outcome is CallOutcome.ABANDONED


def test_with_abort_nobody_finds_it_once_its_client_has_left() -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=terms(Policy.ABORT), shared=True)

        def leave_and_come_back(stage: Stage) -> None:
            stage.reader.leave()
            assert stage.join() is None

        await stage.play(at(2.5, leave_and_come_back))
        return stage

    for _, stage in over_seeds(story):
        assert stage.settled[0].receipt.outcome is CallOutcome.ABANDONED


def test_an_upstream_that_fails_before_the_head_fails_for_both() -> None:
    async def story() -> Stage:
        stage = Stage(Script.of(5.0, Close()), terms=DRAIN, shared=True)
        await stage.play(at(1.0, join))
        return stage

    for _, stage in over_seeds(story):
        assert isinstance(stage.reader.failure, UpstreamClosed)
        assert isinstance(stage.joined[0].failure, UpstreamClosed)


def test_an_upstream_that_breaks_in_the_middle_breaks_for_both() -> None:
    async def story() -> Stage:
        stage = Stage(Script.of(Head(), Chunk(b"one "), 5.0, Close()), terms=DRAIN, shared=True)
        await stage.play(at(1.0, join))
        return stage

    for _, stage in over_seeds(story):
        for reader in (stage.reader, stage.joined[0]):
            assert isinstance(reader.failure, UpstreamTruncated)
            assert reader.body == b"one "
        assert stage.recorded is None


@pytest.mark.parametrize(
    "head",
    [Head(429), Head(201), Head(headers=((b"content-encoding", b"gzip"),))],
    ids=["error", "created", "encoded"],
)
def test_what_may_not_be_shared_is_not(head: Head) -> None:
    async def story() -> Stage:
        stage = Stage(Script.of(head, Chunk(b"one "), 5.0, Chunk(LAST_EVENT), End()), terms=DRAIN, shared=True)

        def too_late(stage: Stage) -> None:
            assert stage.join() is None

        await stage.play(at(1.0, too_late))
        return stage

    for _, stage in over_seeds(story, 10):
        assert stage.reader.whole


def test_beyond_the_tapes_limit_nobody_can_join() -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=terms(Policy.DRAIN, max_bytes=7), shared=True)

        def too_late(stage: Stage) -> None:
            assert stage.join() is None

        await stage.play(at(2.5, join), at(3.5, too_late))
        return stage

    for _, stage in over_seeds(story, 10):
        assert stage.reader.whole
        assert stage.joined[0].whole  # who came in time stays
        assert stage.recorded is None


def test_a_relay_that_is_not_shared_is_found_by_nobody() -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=DRAIN)

        def ask(stage: Stage) -> None:
            assert stage.join() is None

        await stage.play(at(2.5, ask))
        return stage

    for _, stage in over_seeds(story, 5):
        assert stage.reader.whole


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


# Whatever happens.

STEPS = st.lists(st.tuples(st.sampled_from(["join", "leave", "pause"]), st.integers(0, 3)), max_size=8)
CHUNKS = st.lists(st.tuples(st.binary(min_size=1, max_size=20), st.integers(0, 2)), max_size=8)


@settings(max_examples=150, deadline=None)
@given(CHUNKS, STEPS, st.integers(0, 2**32))
def test_a_joined_body_is_the_upstreams_whatever_the_split(
    chunks: list[tuple[bytes, int]], steps: list[tuple[str, int]], seed: int
) -> None:
    story: list[object] = []
    for chunk, pause_s in chunks:
        story += [float(pause_s), Chunk(chunk)]
    script = Script.of(Head(), *story, 1.0, Chunk(LAST_EVENT), End())  # type: ignore[arg-type]

    async def play() -> Stage:
        stage = Stage(script, terms=DRAIN, shared=True)

        async def act(stage: Stage) -> None:
            for word, number in steps:
                readers = [stage.reader, *stage.joined]
                if word == "join":
                    stage.join()
                elif word == "leave":
                    readers[number % len(readers)].leave()
                else:
                    await trio.sleep(number)

        await stage.play(act)
        return stage

    stage = run_seeded(seed, play)
    for reader in (stage.reader, *stage.joined):
        assert reader.whole or reader.seat.left
    assert stage.recorded == (script.body if stage.settled[0].receipt.outcome is CallOutcome.COMPLETED else None)


def test_join_and_leave_at_every_step() -> None:
    script = Script.of(Head(), Chunk(b"one "), 1.0, Chunk(LAST_EVENT), End())
    joined = refused = 0
    for seed in range(SEEDS):
        for k in range(seed % 3, 10_000, 3):
            step = AtStep(k)

            def act(stage: Stage) -> None:
                stage.reader.leave()
                stage.join()

            async def story(step: AtStep = step) -> Stage:
                stage = Stage(script, body=b"{}", terms=DRAIN, shared=True)

                async def arm(stage: Stage) -> None:
                    step.arm(lambda: act(stage))
                    await trio.lowlevel.checkpoint()

                await stage.play(arm)
                return stage

            stage = run_seeded(seed, story, step)
            if stage.joined:
                joined += 1
                assert stage.joined[0].whole
                assert stage.settled[0].receipt.outcome is CallOutcome.COMPLETED
            else:
                refused += 1
            if not step.acted:
                break
    assert joined > 100
    assert refused > 10


def test_one_reader_more_adds_nothing_to_the_firsts_chunks() -> None:
    async def story(*, joins: bool) -> list[bytes]:
        stage = Stage(SLOW, terms=DRAIN, shared=True)
        await stage.play(*([at(2.5, join)] if joins else []))
        return stage.reader.chunks

    for seed in range(10):
        alone = run_seeded(seed, lambda: story(joins=False))
        assert run_seeded(seed, lambda: story(joins=True)) == alone == [b"one ", b"two ", b"three ", LAST_EVENT]


def _readers(stage: Stage) -> list[Reader]:
    return [stage.reader, *stage.joined]


def test_the_cause_of_the_last_departure_is_the_calls() -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=terms(Policy.ABORT), shared=True)
        await stage.play(
            at(1.5, join),
            at(2.5, leave_first),
            at(3.5, lambda stage: stage.joined[0].leave(Cause.CLIENT_STALLED)),
        )
        return stage

    for _, stage in over_seeds(story):
        [settled] = stage.settled
        assert settled.cause is Cause.CLIENT_STALLED
        assert settled.receipt.duration_ms == 3_500
        assert all(reader.seat.left for reader in _readers(stage))


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


class BrokenFilter:
    """A filter with a fault of ours in it."""

    def __init__(self, where: str) -> None:
        self._where = where

    def feed(self, data: bytes) -> bytes:
        if self._where == "feed":
            raise ZeroDivisionError
        return data

    def end(self) -> bytes:
        if self._where == "end":
            raise ZeroDivisionError
        return b""


@pytest.mark.parametrize("where", ["feed", "end"])
def test_a_fault_in_a_filter_is_contained_in_its_call(where: str) -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=DRAIN, shared=True, filter_for=lambda _: BrokenFilter(where))
        await stage.play(at(1.5, join))
        return stage

    for _, stage in over_seeds(story, 10):
        assert len(stage.settled) == 1
        assert all(isinstance(reader.failure, OurError) for reader in _readers(stage))


def test_a_fault_in_keeping_the_answer_leaves_its_call_settled() -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, shared=True, finish=lambda: 1 / 0)
        await stage.play()
        return stage

    for _, stage in over_seeds(story, 10):
        assert stage.settled[0].receipt.outcome is CallOutcome.COMPLETED
        assert stage.reader.whole
