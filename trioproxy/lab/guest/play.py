"""One visit of a scripted client over a real socket, and what it sees of it.

    connected ──▶ send (half, half) ──▶ read, read, …      what comes
        └─ steps that are due, after each of these ─┘      what the client does

One task reads and does the steps, one after the other, so that a step at a byte is done before another byte is
read; a second one sends the request, for as long as that takes.
"""

# Plays a client: its request is sent beside the reading, and each of its waits has an end.
# ruff: noqa: TID251

from __future__ import annotations

import contextlib
from collections import deque
from dataclasses import dataclass

import trio

from trioproxy.lab.guest.line import Line
from trioproxy.lab.guest.seen import AnswerEnding, Visit
from trioproxy.lab.script import (
    After,
    Ask,
    AtByte,
    AtEvent,
    AtPhase,
    ClientPhase,
    ClientStep,
    Deed,
    Going,
    Leave,
    ReadOn,
    ReadSlowly,
    Resend,
    SendMore,
    StopReading,
    When,
)
from trioproxy.sockets import Departure, departure
from trioproxy.trace.records import What

READ_BYTES = 65536
# How often a slow reader reads, at the most.
SLOW_READS_PER_S = 20


@dataclass(frozen=True, slots=True)
class Manner:
    """How long a client waits, in seconds, and what for.

    `patience_s` without a byte is a hang. A connection from which the client has withdrawn its one stream stands
    for `linger_s`, so that nothing but RST_STREAM has told the peer; `released` ends that, and reading on after a
    half-close, earlier.
    """

    patience_s: float = 10.0
    linger_s: float = 0.5
    released: trio.Event | None = None


class Player:
    """Plays `steps`, which are taken away as they are done, up to the next `Resend`."""

    def __init__(self, line: Line, visit: Visit, steps: deque[ClientStep], manner: Manner) -> None:
        self._line = line
        self._visit = visit
        self._steps = steps
        self._manner = manner
        self._gate = trio.Event()
        self._waiting = trio.CancelScope()
        self._reading = True
        self._bytes_per_s: int | None = None
        # When the step before was done, and when something last came.
        self.done_at = self._heard_at = trio.current_time()
        self._over = False

    async def play(self, ask: Ask) -> None:
        """Ask, and do the steps until nothing is left to do here. The line is left as it is then."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._line.write)
            nursery.start_soon(self._send, ask)
            nursery.start_soon(self._watch_release)
            while await self._do_steps():
                self._gate.set()
                await self._wait()
            nursery.cancel_scope.cancel()

    async def _send(self, ask: Ask) -> None:
        """Send the request; half of it, if there is a step for the moment between its halves."""
        halved = any(when == AtPhase(ClientPhase.SENDING) for when, _ in self._steps)
        await self._gate.wait()
        # If the connection breaks, whoever reads finds out how.
        with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self._line.begin(ask, 0.5 if halved else 1.0)
            if halved:
                self._gate = trio.Event()
                self._visit.reach(ClientPhase.SENDING)
                self._waiting.cancel()
                await self._gate.wait()
            await self._line.finish()
            self._visit.sent()
            self._waiting.cancel()

    async def _watch_release(self) -> None:
        if self._manner.released is not None:
            await self._manner.released.wait()
            self._over = self._over or self._visit.left_at is not None
            self._waiting.cancel()

    async def _do_steps(self) -> bool:
        """Do what is due; whether there is something to wait for."""
        visit = self._visit
        while self._steps and not self._over and self._is_due(self._steps[0][0]):
            if isinstance(self._steps[0][1], Resend):
                return False
            _, deed = self._steps.popleft()
            await self._do(deed)
            self.done_at = trio.current_time()
        if self._over or visit.ending is None:
            return not self._over
        # After the end only time passes, and only if the connection still stands.
        stands = visit.ending is AnswerEnding.CLEAN and visit.left_at is None
        return stands and bool(self._steps) and isinstance(self._steps[0][0], After)

    def _is_due(self, when: When) -> bool:
        visit = self._visit
        match when:
            case After(seconds_s):
                return trio.current_time() >= self.done_at + seconds_s
            case AtByte(count):
                return visit.size_bytes >= count
            case AtEvent(count):
                return visit.events >= count
            case AtPhase(phase):
                return visit.reached(phase)

    async def _do(self, deed: Deed) -> None:
        match deed:
            case Leave(how):
                await self._line.leave(how)
                released = self._manner.released
                stands = how in (Going.HALF_CLOSE, Going.RST_STREAM)
                self._over = not stands or (released is not None and released.is_set())
            case StopReading():
                self._reading = False
                self._visit.mark(What.STALLED)
            case ReadSlowly(bytes_per_s):
                self._reading, self._bytes_per_s = True, bytes_per_s
            case ReadOn():
                self._reading, self._bytes_per_s = True, None
            case SendMore(data):
                with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                    await self._line.send_more(data)
            case Resend():
                raise AssertionError("whoever plays the next visit takes it")

    async def _wait(self) -> None:
        """Until something came, a step is due, or patience is lost."""
        due_at = self._due_at()
        withdrawn = self._visit.left_by is Going.RST_STREAM
        if withdrawn:
            lost_at = self.done_at + self._manner.linger_s
        else:
            lost_at = max(self._heard_at, self.done_at) + self._manner.patience_s
        data = None
        # What is read is understood outside of the scope: what has to be sent then is sent whole.
        with trio.CancelScope(deadline=lost_at if due_at is None else due_at) as self._waiting:
            try:
                data = await self._read()
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                self._visit.end(AnswerEnding.RESET)
                return
        if data is not None:
            self._heard_at = trio.current_time()
            self._over = self._over or (withdrawn and not data)
            await self._line.take(data)
        elif trio.current_time() >= lost_at and withdrawn:
            self._over = True
        elif trio.current_time() >= lost_at and due_at is None and self._visit.ending is None:
            self._visit.end(AnswerEnding.HANG)

    def _due_at(self) -> float | None:
        """When the next step is due, if that is a matter of time alone."""
        if self._steps and isinstance(when := self._steps[0][0], After):
            return self.done_at + when.seconds_s
        return None

    async def _read(self) -> bytes:
        """What came next, at the script's pace; `b""` at the end of the connection."""
        if self._visit.ending is not None:
            await trio.sleep_forever()
        if not self._reading:
            # What it does not read it cannot tell; a reset is seen all the same. Behind a FIN nothing will come.
            if await departure(self._line.wire.socket) is Departure.RST:
                raise trio.BrokenResourceError
            self._reading = True
        size = READ_BYTES
        if self._bytes_per_s is not None:
            pause_s = max(1 / SLOW_READS_PER_S, 1 / self._bytes_per_s)
            size = max(1, int(self._bytes_per_s * pause_s))
            await trio.sleep(pause_s)
        return bytes(await self._line.wire.stream.receive_some(size))
