"""Several clients at one relay: joins and leaves as scripts of events, under many schedules."""

from __future__ import annotations

import itertools

import pytest
from support.reader import Reader
from support.seeds import over_seeds, run_seeded
from support.stage import LAST_EVENT, Stage, at, terms

from trioproxy.errors import UpstreamClosed, UpstreamTruncated
from trioproxy.lab.script import Chunk, Close, End, Head, Script
from trioproxy.model import CallOutcome, Policy
from trioproxy.rules.lifecycle import Cause

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
