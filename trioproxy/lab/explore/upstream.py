"""The scripted upstream of a run: plays the story's scripts, breaks when it is told to, remembers each call.

relay ── open ──▶ StoryUpstream ── script ──▶ ScriptedAnswer (lab/source.py)
                      │ breaks(how): whatever is awaited of it now, or next, fails
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import trio

from trioproxy.errors import TrioProxyError, UpstreamClosed, UpstreamConnectFailed, UpstreamTruncated
from trioproxy.lab.script import Story
from trioproxy.lab.source import ScriptedAnswer, SourceCall
from trioproxy.model import Head, Plan
from trioproxy.sources.base import Progress

# A break is a scope around whatever is awaited, cancelled at the step at which the upstream breaks.
# ruff: noqa: TID251


class Break(StrEnum):
    """How an upstream fails at any step."""

    RESET = "reset"
    GARBLED = "garbled"
    # It falls silent: nothing comes any more, and no end.
    SILENT = "silent"


@dataclass(slots=True, eq=False)
class UpstreamCall:
    """One call, as it was seen from the upstream. Times are seconds of the run.

    `taken`: the pieces of the body that were handed over, in order. At most one of `ended` (the end of the body was
    handed over, too) and `error` (what was raised) holds; neither, if the call was closed before either.
    """

    script_number: int
    facts: SourceCall
    # The task that made it.
    by: trio.lowlevel.Task
    head: Head | None = None
    taken: list[bytes] = field(default_factory=list)
    error: Exception | None = None

    @property
    def ended(self) -> bool:
        """The end of the body was handed over."""
        return self.facts.ended

    @property
    def body(self) -> bytes:
        """What was handed over."""
        return b"".join(self.taken)

    @property
    def open(self) -> bool:
        """Nobody has closed it."""
        return not self.facts.closings


class StoryUpstream:
    """Implements `sources.base.Source` by a story.

    Args:
        told: called with a call after each thing that happens to it, and with what that is, for a timeline.
    """

    def __init__(self, story: Story, told: Callable[[UpstreamCall, str, int], None] = lambda *_: None) -> None:
        self.calls: list[UpstreamCall] = []
        self.how: Break | None = None
        self._story = story
        self._told = told
        self._awaited: set[trio.CancelScope] = set()

    @property
    def connections(self) -> int:
        """How many calls nobody has closed."""
        return sum(call.open for call in self.calls)

    def breaks(self, how: Break) -> None:
        """Fail from now on: calls that are there, and those that will come. The first failure stands."""
        self.how = self.how or how
        for scope in self._awaited:
            scope.cancel()

    @asynccontextmanager
    async def open(self, plan: Plan, progress: Progress) -> AsyncIterator[StoryAnswer]:
        """See `sources.base.Source.open`."""
        facts = SourceCall(plan, trio.current_time())
        call = UpstreamCall(len(self.calls) + 1, facts, trio.lowlevel.current_task())
        self.calls.append(call)
        self._told(call, "asked", 0)
        try:
            answer = ScriptedAnswer(self._story.script(call.script_number), facts, progress)
            try:
                with self._awaiting() as scope:
                    await answer.connect(0.0)
                    await answer.wait_head()
                if scope.cancelled_caught:
                    await self._fail(call)
            except Exception as error:
                self._broke(call, error)
                raise
            call.head = answer.head
            self._told(call, "head", answer.head.status)
            yield StoryAnswer(answer, call, self)
        finally:
            facts.closings += 1
            facts.closed_at = trio.current_time()
            self._told(call, "closed", 0)

    async def receive(self, answer: ScriptedAnswer, call: UpstreamCall) -> bytes:
        """The next piece of the body of `call`."""
        try:
            if self.how is not None or answer.due_at > trio.current_time():
                with self._awaiting() as scope:
                    data = await answer.receive()
                if scope.cancelled_caught:
                    await self._fail(call)
            else:
                data = await answer.receive()  # it takes one step: not worth a scope
        except Exception as error:
            self._broke(call, error)
            raise
        if data:
            call.taken.append(data)
        self._told(call, "bytes" if data else "end", len(data))
        return data

    @contextmanager
    def _awaiting(self) -> Iterator[trio.CancelScope]:
        scope = trio.CancelScope()
        if self.how is not None:
            scope.cancel()
        self._awaited.add(scope)
        try:
            with scope:
                yield scope
        finally:
            self._awaited.discard(scope)

    def _broke(self, call: UpstreamCall, error: Exception) -> None:
        call.error = error
        self._told(call, "broke", 0)

    async def _fail(self, call: UpstreamCall) -> None:
        if self.how is Break.SILENT:
            await trio.sleep_forever()
        raise self._failure(call)

    def _failure(self, call: UpstreamCall) -> TrioProxyError:
        garbled = self.how is Break.GARBLED
        if not call.facts.permitted:
            return UpstreamConnectFailed("the lab breaks the connection")
        if call.head is None:
            return UpstreamClosed("the lab breaks the connection", garbled=garbled)
        return UpstreamTruncated("the lab breaks the connection", garbled=garbled)


class StoryAnswer:
    """Implements `sources.base.Answer`."""

    __slots__ = ("_answer", "_call", "_upstream", "head")

    def __init__(self, answer: ScriptedAnswer, call: UpstreamCall, upstream: StoryUpstream) -> None:
        self.head = answer.head
        self._answer = answer
        self._call = call
        self._upstream = upstream

    async def receive(self) -> bytes:
        """See `sources.base.Answer.receive`."""
        return await self._upstream.receive(self._answer, self._call)
