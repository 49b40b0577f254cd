"""The client leaves, or the house closes, between any two steps of any task, under many schedules."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from support.seeds import SEEDS, AtStep, run_seeded
from support.stage import ERROR_EVENT, LAST_EVENT, Stage

from trioproxy.lab.script import Chunk, Close, End, Head, Script
from trioproxy.model import CallOutcome
from trioproxy.rules.lifecycle import Cause
from trioproxy.seat import LIMIT_BYTES

# In each the upstream is waited for once: a timer that runs out is a step like any other.
STORIES = {
    "whole": Script.of(Head(), 1.0, Chunk(b"one"), Chunk(LAST_EVENT), End()),
    "blocked": Script.of(Head(), 1.0, Chunk(b"x" * (LIMIT_BYTES + 1)), Chunk(LAST_EVENT), End()),
    "broken": Script.of(Head(), 1.0, Chunk(b"one"), Close()),
    "error": Script.of(Head(), 1.0, Chunk(b"one"), Chunk(ERROR_EVENT), End()),
    "no head": Script.of(1.0, Close()),
}
# How each ends if nobody interferes.
BY_ITSELF = {
    "whole": CallOutcome.COMPLETED,
    "blocked": CallOutcome.COMPLETED,
    "broken": CallOutcome.TRUNCATED,
    "error": CallOutcome.UPSTREAM_ERROR,
    "no head": CallOutcome.TRUNCATED,
}


def leave(stage: Stage) -> None:
    stage.reader.seat.leave(Cause.CLIENT_LEFT)


def leave_twice_and_stalled(stage: Stage) -> None:
    stage.reader.seat.leave(Cause.CLIENT_LEFT)
    stage.reader.seat.leave(Cause.CLIENT_STALLED)


def close(stage: Stage) -> None:
    stage.house.close()


def both(stage: Stage) -> None:
    stage.reader.seat.leave(Cause.CLIENT_LEFT)
    stage.house.close()


# What happens, and what it makes of a call that was not over: the cause, and the outcome before the last event.
ACTS: dict[Callable[[Stage], None], dict[Cause | None, CallOutcome]] = {
    leave: {Cause.CLIENT_LEFT: CallOutcome.ABANDONED},
    leave_twice_and_stalled: {Cause.CLIENT_LEFT: CallOutcome.ABANDONED},
    close: {Cause.SHUTDOWN: CallOutcome.SHUTDOWN},
    # A house that closes cancels when its deadline is looked at, after this step: a relay whose own
    # timer had just run out takes that step first, and has left by then.
    both: {Cause.SHUTDOWN: CallOutcome.SHUTDOWN, Cause.CLIENT_LEFT: CallOutcome.ABANDONED},
}


def run(seed: int, k: int, name: str, act: Callable[[Stage], None]) -> tuple[Stage, AtStep]:
    step = AtStep(k)

    async def story() -> Stage:
        stage = Stage(STORIES[name], body=b"{}")

        async def arm(stage: Stage) -> None:
            step.arm(lambda: act(stage))
            await trio.lowlevel.checkpoint()

        await stage.play(arm)
        return stage

    return run_seeded(seed, story, step), step


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
@pytest.mark.parametrize("name", STORIES)
def test_at_every_step(name: str, act: Callable[[Stage], None]) -> None:
    seen: set[CallOutcome] = set()
    for seed in range(SEEDS):
        # Every step is taken under some seeds: all of them under each would take minutes.
        for k in range(seed % 5, 10_000, 5):
            stage, step = run(seed, k, name, act)
            [settled] = stage.settled
            outcome = settled.receipt.outcome
            seen.add(outcome)
            came = STORIES[name].body[: settled.receipt.bytes_in]
            if settled.cause not in ACTS[act]:
                assert outcome is BY_ITSELF[name]
            elif LAST_EVENT in came:
                assert outcome is CallOutcome.COMPLETED
            elif ERROR_EVENT in came:
                assert outcome is CallOutcome.UPSTREAM_ERROR
            else:
                assert outcome is ACTS[act][settled.cause]
            if not step.acted:
                break
    assert seen == {BY_ITSELF[name], *ACTS[act].values()}
