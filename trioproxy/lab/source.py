"""The scripts of upstreams as a source without sockets: for relays on the virtual clock.

    source = ScriptedSource(Script.of(Head(), Chunk(b"a"), 5.0, Chunk(b"b"), Reset()))

What happens when is told by the script alone: chunks fall due while nobody asks for
them, as they would pile up in a socket. Each call notes its phases and its closing.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio

from trioproxy import model
from trioproxy.errors import UpstreamClosed, UpstreamConnectFailed, UpstreamTruncated
from trioproxy.lab.script import (
    Action,
    Chunk,
    Close,
    End,
    Framing,
    Garble,
    GoAway,
    Head,
    Interim,
    Raw,
    Refuse,
    Script,
    Silence,
    Take,
    Unreachable,
)
from trioproxy.model import Plan
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.base import Progress

Choice = Script | Sequence[Script] | Callable[[Plan], Script]

# How often a slow reader reads.
SLOW_READS_PER_S = 20


@dataclass(slots=True, eq=False)
class SourceCall:
    """One call of a scripted source, and how it went. Times are `trio.current_time()`."""

    plan: Plan = field(repr=False)
    opened_at: float
    # Every phase that was entered, in order, repetitions included.
    phases: list[Phase] = field(default_factory=list)
    permitted: bool = False
    body: bytearray = field(default_factory=bytearray)
    body_at: float | None = None
    # Body bytes that were handed out, and whether `b""` was.
    received_bytes: int = 0
    ended: bool = False
    closed_at: float | None = None
    closings: int = 0


class ScriptedSource:
    """Implements `sources.base.Source`: plays a script to each call.

    Args:
        scripts: one for every call, one for each in order, or a function of the plan.
        connect_s: how long connecting takes.

    With `Take.BESIDE` and `Take.NOTHING` no body is taken: the head may come while the
    call is still sending, and whoever gets an early head stops sending.
    """

    def __init__(self, scripts: Choice, *, connect_s: float = 0.0) -> None:
        self.calls: list[SourceCall] = []
        self._scripts = scripts
        self._connect_s = connect_s

    @property
    def open_calls(self) -> list[SourceCall]:
        """The calls that have not been closed."""
        return [call for call in self.calls if not call.closings]

    @asynccontextmanager
    async def open(self, plan: Plan, progress: Progress) -> AsyncIterator[ScriptedAnswer]:
        """See `sources.base.Source.open`."""
        call = SourceCall(plan, trio.current_time())
        self.calls.append(call)
        try:
            answer = ScriptedAnswer(self._script(plan), call, progress)
            await answer.connect(self._connect_s)
            await answer.wait_head()
            yield answer
        finally:
            call.closings += 1
            call.closed_at = trio.current_time()

    def _script(self, plan: Plan) -> Script:
        if isinstance(self._scripts, Script):
            return self._scripts
        if callable(self._scripts):
            return self._scripts(plan)
        if len(self.calls) > len(self._scripts):
            raise LookupError(f"no script is left for call {len(self.calls)}: {plan.method} {plan.target!r}")
        return self._scripts[len(self.calls) - 1]


class ScriptedAnswer:
    """Implements `sources.base.Answer`."""

    def __init__(self, script: Script, call: SourceCall, progress: Progress) -> None:
        self.head = model.Head(0, ())
        self._script = script
        self._call = call
        self._progress = progress
        self._next = 0
        self._due = 0.0
        self._pending = b""

    async def connect(self, connect_s: float) -> None:
        """Connect, ask for permission, send the request."""
        self._enter(Phase.CONNECTING)
        await trio.sleep(connect_s)
        after_s, first = self._script.steps[0]
        if isinstance(first, Refuse):
            await trio.sleep(after_s)
            raise UpstreamConnectFailed("the script refuses the connection")
        if isinstance(first, Unreachable):
            await trio.sleep_forever()
        await self._progress.permission()
        self._call.permitted = True
        self._enter(Phase.SENDING)
        if self._script.take is Take.WHOLE:
            await self._take_body()
            self._enter(Phase.WAITING)
        self._due = trio.current_time()

    async def wait_head(self) -> None:
        """Play until the head has come.

        Raises:
            UpstreamClosed: it does not.
        """
        while True:
            match await self._step():
                case Head() as head:
                    self.head = self._without_hops(head)
                    self._enter(Phase.STREAMING)
                    return
                case Interim():
                    pass
                case Raw():
                    raise UpstreamClosed("the script sends what is no head", garbled=True)
                case ending:
                    raise UpstreamClosed(f"the script says {type(ending).__name__} before a head")

    @property
    def due_at(self) -> float:
        """When the next piece of the body comes, or its end; never, if there is silence."""
        after_s, action = self._script.steps[self._next]
        if self._pending:
            return 0.0
        return math.inf if isinstance(action, Silence) else self._due + after_s

    async def receive(self) -> bytes:
        """See `sources.base.Answer.receive`. Cancellation loses nothing."""
        while not self._pending:
            match await self._step():
                case Chunk(data):
                    self._pending = b"" if self._call.plan.method == "HEAD" else data
                case End():
                    self._call.ended = True
                    return b""
                case Close() | GoAway() if not self.head.framed:
                    self._call.ended = True
                    return b""
                case Garble() | Raw():
                    raise UpstreamTruncated("the script garbles the body", garbled=True)
                case ending:
                    raise UpstreamTruncated(f"the script says {type(ending).__name__} in mid-body")
            self._enter(Phase.STREAMING)
        size = self._script.write_bytes or len(self._pending)
        data, self._pending = self._pending[:size], self._pending[size:]
        self._call.received_bytes += len(data)
        return data

    async def _step(self) -> Action:
        """The next action, once it is due; the last one again and again."""
        after_s, action = self._script.steps[self._next]
        if (due := self._due + after_s) > trio.current_time():
            await trio.sleep_until(due)
        else:  # the same for less
            await trio.lowlevel.checkpoint()
        if isinstance(action, Silence):
            await trio.sleep_forever()
        if self._next < len(self._script.steps) - 1:
            self._next += 1
            self._due += after_s
        return action

    async def _take_body(self) -> None:
        body = self._call.plan.body
        if isinstance(body, bytes):
            await self._take(body)
        elif body is not None:
            async for piece in body:
                await self._take(piece)
        self._call.body_at = trio.current_time()

    async def _take(self, data: bytes) -> None:
        rate = self._script.take_bytes_per_s
        size = max(1, rate // SLOW_READS_PER_S) if rate else max(1, len(data))
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            await trio.sleep(len(piece) / rate if rate else 0)
            self._call.body += piece
            self._enter(Phase.SENDING)

    def _enter(self, phase: Phase) -> None:
        self._call.phases.append(phase)
        self._progress.enter(phase)

    def _without_hops(self, head: Head) -> model.Head:
        headers = head.headers
        if head.framing is Framing.LENGTH:
            headers = (*headers, (b"content-length", str(self._script.content_length(head)).encode()))
        return model.Head(head.status, headers, framed=head.framing is not Framing.CLOSE)
