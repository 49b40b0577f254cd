"""Several clients at one relay, whatever happens: joins and leaves at every step, and faults of our own."""

from __future__ import annotations

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reader import Reader
from support.seeds import SEEDS, AtStep, over_seeds, run_seeded
from support.stage import LAST_EVENT, Stage, at, terms

from trioproxy.errors import OurError
from trioproxy.lab.script import Chunk, End, Head, Script
from trioproxy.model import CallOutcome, Policy

DRAIN = terms(Policy.DRAIN)

# The head at 1 s, a chunk at each of 2, 3, 4, 5 s, the end at 6 s.
SLOW = Script.of(
    1.0, Head(), 1.0, Chunk(b"one "), 1.0, Chunk(b"two "), 1.0, Chunk(b"three "), 1.0, Chunk(LAST_EVENT), 1.0, End()
)


def join(stage: Stage) -> None:
    assert stage.join() is not None


def _readers(stage: Stage) -> list[Reader]:
    return [stage.reader, *stage.joined]


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
