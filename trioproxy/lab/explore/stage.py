"""One run: a story is played to a subject, something happens at a step, and what came of it is kept.

    Case ─▶ Stage.play ─▶ Happened

All runs of a process share one `trio.run`: `Theatre` keeps what they have in common.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

import trio
import trio.testing

from trioproxy.lab.explore.books import Books
from trioproxy.lab.explore.case import Case
from trioproxy.lab.explore.client import play_client
from trioproxy.lab.explore.clock import VirtualClock
from trioproxy.lab.explore.steps import Act, Steps, seeded
from trioproxy.lab.explore.subject import Footing, Serving, Subject
from trioproxy.lab.explore.timeline import Timeline
from trioproxy.lab.explore.upstream import StoryUpstream, UpstreamCall
from trioproxy.lab.explore.visit import Visit
from trioproxy.model import RawHeaders

# The stage owns the clients, and the time that a run may take.
# ruff: noqa: TID251

T = TypeVar("T")

# Virtual: longer than any story. What is still there then was left behind.
PATIENCE_S = 100_000.0
EPOCH = 1_767_225_600.0


@dataclass(slots=True)
class Happened:
    """What came of one run, whoever the subject was."""

    case: Case
    visits: list[Visit]
    calls: list[UpstreamCall]
    books: Books
    upstream: StoryUpstream
    # Steps from the first client's arrival until nobody was left.
    steps: int = 0
    schedule: int = 0
    # Where each fault struck, in their order; fewer than the case has if a step was past the end. And when.
    struck: list[str] = field(default_factory=list)
    struck_at: list[float] = field(default_factory=list)
    # When a fault told the subject to close, and by when it was to have ended; when it had nothing left to do.
    closed_at: float = math.inf
    ends_at: float = math.inf
    over_at: float = 0.0
    # It had to be cancelled to end at all.
    hung: bool = False
    # What came out of the subject's block: nothing of a run may.
    crash: Exception | None = None
    left_over: list[str] = field(default_factory=list)
    # The bodies that the subject would give again.
    kept: list[bytes] = field(default_factory=list)
    log: list[logging.LogRecord] = field(default_factory=list)


class Stage:
    """Where one case is played."""

    def __init__(self, case: Case, steps: Steps, timeline: Timeline | None) -> None:
        self.case = case
        self.upstream = StoryUpstream(case.story, timeline.upstream if timeline else _say_nothing)
        self.books = Books(lambda: self.upstream.connections, timeline.row if timeline else _say_nothing)
        self.visits: list[Visit] = []
        self.serving: Serving
        self._steps = steps
        self._timeline = timeline
        self._happened = Happened(case, self.visits, self.upstream.calls, self.books, self.upstream)

    # What a fault may do.

    def visit_of(self, client: int) -> Visit | None:
        """The request that a client is waiting for now, or was; None if it has not come."""
        return next((visit for visit in reversed(self.visits) if visit.client == client), None)

    def close(self, grace_s: float) -> None:
        """Have the subject take no new work, and end what there is after `grace_s` seconds."""
        happened, now = self._happened, trio.current_time()
        happened.closed_at = min(happened.closed_at, now)
        if now + grace_s < happened.ends_at or grace_s == math.inf:
            happened.ends_at = min(happened.ends_at, now + grace_s)
            self.serving.close(happened.ends_at - now)

    # The run.

    async def play(self, subject: Subject) -> Happened:
        """Serve all clients, close, and wait until nobody is left."""
        happened = self._happened
        numbers = count()
        footing = Footing(
            source=self.upstream,
            ledger=self.books,
            clock=lambda: EPOCH + trio.current_time(),
            chance=lambda size: next(numbers).to_bytes(size, "big"),
            conditions=self.case.conditions,
            tell=self._timeline.tell if self._timeline else None,
        )
        living, free = trio.lowlevel.current_statistics().tasks_living, _free_descriptor()
        try:
            with trio.move_on_after(PATIENCE_S) as patience:
                async with subject.serving(footing) as self.serving:
                    self._steps.begin([(strike.step, self._act(strike.number)) for strike in self.case.strikes])
                    await self._clients()
                    if happened.closed_at == math.inf:
                        self.serving.close(math.inf)
        except Exception as error:  # noqa: BLE001 - a finding
            happened.crash = error
        finally:
            self._steps.end()
        happened.hung = patience.cancelled_caught
        happened.over_at = trio.current_time()
        happened.steps, happened.schedule, happened.struck = self._steps.count, self._steps.schedule, self._steps.struck
        happened.left_over = list(self.serving.left_over())
        happened.kept = list(self.serving.kept())
        if more := trio.lowlevel.current_statistics().tasks_living - living:
            happened.left_over.append(f"{more} tasks")
        if _free_descriptor() != free:
            happened.left_over.append(f"an open file (descriptor {free})")
        return happened

    def _act(self, number: int) -> Act:
        fault = self.case.strikes[number].fault

        def act() -> None:
            self._happened.struck_at.append(trio.current_time())
            if self._timeline is not None:
                self._timeline.fault(fault.lane, fault.words, self._steps.struck[-1])
            fault.act(self)

        return act

    async def _clients(self) -> None:
        """All of them, each a task; the only one is none."""
        if len(self.case.story.clients) == 1:
            await self._client(0)
            return
        async with trio.open_nursery() as nursery:
            for number in range(len(self.case.story.clients)):
                nursery.start_soon(self._client, number)

    async def _client(self, number: int) -> None:
        story = self.case.story
        if number < len(story.begin_s) and story.begin_s[number]:
            await trio.sleep(story.begin_s[number])

        def visiting(headers: RawHeaders) -> Visit:
            visit = Visit(
                story.clients[number].ask,
                number,
                headers=headers,
                mended=self.case.mended,
                told=self._timeline.visit if self._timeline else _say_nothing,
            )
            self.visits.append(visit)
            return visit

        await play_client(story.clients[number], self.serving, visiting)


class Theatre:
    """What the runs of one process have in common: one clock, one count of steps, one ear for the log."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.steps = Steps()
        self._heard = _Ear()

    async def play(self, subject: Subject, case: Case, timeline: Timeline | None = None) -> Happened:
        """Play one case. Inside `run` alone."""
        self.clock.set_back()
        self._heard.records = []
        with seeded(case.seed):
            happened = await Stage(case, self.steps, timeline).play(subject)
        happened.log = self._heard.records
        return happened

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Inside, what the proxy logs is heard here and nowhere else."""
        log = logging.getLogger("trioproxy")
        before = log.handlers, log.propagate, log.level
        log.handlers, log.propagate = [self._heard], False
        log.setLevel(logging.INFO)
        try:
            yield
        finally:
            log.handlers, log.propagate = before[:2]
            log.setLevel(before[2])

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        """Run `main`, which plays cases, and return what it does."""

        async def begin() -> T:
            await trio.testing.wait_all_tasks_blocked()  # Trio's own tasks have taken their first steps
            return await main()

        with self.listening():
            return trio.run(begin, clock=self.clock, instruments=[self.steps])


def _free_descriptor() -> int:
    """The lowest one, which the next file is given (open(2)): it is another one while that file is open."""
    descriptor = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    os.close(descriptor)
    return descriptor


def _say_nothing(*_: object) -> None:
    """Nobody draws a timeline."""


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
