from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import IO

import pytest
import trio
from support.exploring import case, play, play_one

from trioproxy.lab.explore.scenarios import SCENARIOS
from trioproxy.lab.explore.subject import Footing, Message, Receive, Send
from trioproxy.model import CallOutcome, ExchangeOutcome


def test_a_story_is_told() -> None:
    happened = play_one("stream")

    [visit], [call] = happened.visits, happened.calls
    assert visit.finished
    assert visit.body == call.body == SCENARIOS["stream"].story.upstream[0].body
    assert [booked.receipt.outcome for booked in happened.books.calls] == [CallOutcome.COMPLETED]
    assert [booked.receipt.outcome for booked in happened.books.exchanges] == [ExchangeOutcome.DELIVERED]
    assert happened.left_over == []
    assert not happened.hung
    assert happened.crash is None
    assert [record.levelname for record in happened.log] == ["INFO"] * len(happened.log)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_case_runs_the_same_way_whatever_ran_before(name: str) -> None:
    cases = [case(name, ("leave", 20), seed=seed) for seed in (1, 2, 1)]

    first, other, again = play(*cases)

    assert (first.schedule, first.steps, first.struck) == (again.schedule, again.steps, again.struck)
    assert first.over_at == again.over_at
    assert [visit.body for visit in first.visits] == [visit.body for visit in again.visits]
    assert other.schedule != first.schedule


def test_a_fault_strikes_at_its_step_and_no_other() -> None:
    whole = play_one("paced")
    at = whole.steps // 2

    happened = play_one("paced", ("leave", at))
    late = play_one("paced", ("leave", 10_000))

    assert len(happened.struck) == len(happened.struck_at) == 1
    assert happened.visits[0].left_at is not None
    assert happened.calls[0].facts.closed_at == happened.visits[0].left_at
    assert late.struck == []
    assert late.schedule == whole.schedule


def test_two_faults_strike_in_the_order_of_their_steps() -> None:
    happened = play_one("join", ("close", 50), ("leave", 40))

    assert len(happened.struck) == 2
    assert happened.visits[0].left_at is not None
    assert happened.visits[0].left_at <= happened.closed_at < math.inf


class Left:
    """A subject that leaves everything behind."""

    name = "left"

    @asynccontextmanager
    async def serving(self, footing: Footing) -> AsyncIterator[Left]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            yield self

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        logging.getLogger("trioproxy").error("a fault")
        raise LookupError("nothing is served")

    def close(self, grace_s: float) -> None:
        pass

    def kept(self) -> Sequence[bytes]:
        return ()

    def left_over(self) -> Sequence[str]:
        return ["a seat"]


def test_what_is_left_behind_is_reported() -> None:
    [happened] = play(case("stream"), subject=Left())

    assert happened.hung
    assert happened.left_over == ["a seat"]
    assert isinstance(happened.visits[0].error, LookupError)
    assert [record.getMessage() for record in happened.log] == ["a fault"]


class Crashed(Left):
    file: IO[bytes]

    @asynccontextmanager
    async def serving(self, footing: Footing) -> AsyncIterator[Left]:
        trio.lowlevel.spawn_system_task(trio.sleep, 1.0)
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - it is left open
        yield self
        raise LookupError("the house falls")


def test_what_comes_out_of_a_subject_is_kept_and_its_tasks_are_counted() -> None:
    subject = Crashed()

    [happened] = play(case("stream"), subject=subject)

    assert isinstance(happened.crash, LookupError)
    assert "1 tasks" in happened.left_over
    assert "an open file" in " ".join(happened.left_over)
    subject.file.close()
