"""A client as the trials need one: it goes as far as a phase, leaves, and sees what comes after.

    async with Guest.visiting(way, protocol) as guest:
        await guest.send(ask)
        await guest.until(lambda visit: visit.status is not None)
        guest.leave(Going.RST)

It is made of the same lines as the scripted clients (`lab/guest/`): a task of its own reads what comes, so that a
departure of the other side is seen whatever the guest waits for; here each step is the trial's, which knows both sides.
"""

# A guest reads beside whatever else it does.
# ruff: noqa: TID251

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self

import trio

from trioproxy.lab.guest import AnswerEnding, Visit
from trioproxy.lab.guest.h1 import H1Line
from trioproxy.lab.guest.h2 import H2Line
from trioproxy.lab.guest.line import Line, Way
from trioproxy.lab.measures import Saw
from trioproxy.lab.script import Ask, Going
from trioproxy.lab.wire.target import Protocol

READ_BYTES = 65536
# Makes a server feel soon that its client does not read.
SMALL_BYTES = 16384
CONNECT_S = 5.0

Fact = Callable[[Visit], bool]

SAW = {
    AnswerEnding.CLEAN: Saw.CLEAN_END,
    AnswerEnding.TRUNCATED: Saw.TRUNCATION,
    AnswerEnding.RESET: Saw.RESET,
    AnswerEnding.HANG: Saw.HANG,
    AnswerEnding.REFUSED: Saw.RESET,
}


class Guest:
    """One client with one request. Made by `visiting`."""

    def __init__(self, line: Line, visit: Visit, until: Fact | None) -> None:
        self.visit = visit
        self._line = line
        self._reads_until = until
        self._reads = trio.Event()
        self._happened = trio.Event()

    @classmethod
    @asynccontextmanager
    async def visiting(cls, way: Way, protocol: Protocol, reads_until: Fact | None = None) -> AsyncIterator[Self]:
        """A connected client; the connection is closed when the block is left.

        `reads_until`: takes no byte from its socket any more once that holds, until `read_on`.

        Raises:
            OSError: the server accepts no connection, or not this protocol.
        """
        visit = Visit(time.monotonic())
        with trio.move_on_after(CONNECT_S) as limit:
            wire = await way.connect(SMALL_BYTES if reads_until else None)
        if limit.cancelled_caught:
            raise TimeoutError(f"no connection within {CONNECT_S:g} s")
        visit.connected_at = time.monotonic()
        line = H1Line(wire, visit) if protocol == "h1" else H2Line(wire, visit)
        guest = cls(line, visit, reads_until)
        failure: Exception | None = None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(line.write)
                nursery.start_soon(guest._read)
                try:
                    yield guest
                except Exception as error:  # noqa: BLE001  # raised below: out of the nursery, it needs no group
                    failure = error
                nursery.cancel_scope.cancel()
        finally:
            wire.close()
        if failure is not None:
            raise failure

    async def send(self, ask: Ask, *, half: bool = False) -> None:
        """Send a request; of its body only the first half, if so. A connection that breaks is seen by who reads."""
        try:
            await self._line.begin(ask, 0.5 if half else 1.0)
            if not half:
                await self._line.finish()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return
        if not half:
            self.visit.sent()

    async def until(self, fact: Fact) -> None:
        """Wait until `fact` holds of what was seen; it is looked at whenever something came."""
        while not fact(self.visit):
            await self._happened.wait()

    async def ended(self) -> None:
        """Wait until the answer has ended, in whatever way."""
        await self.until(lambda visit: visit.ending is not None)

    def read_on(self) -> None:
        """Read again, and to the end."""
        self._reads_until = None
        self._reads.set()

    async def leave(self, how: Going) -> float:
        """Go; when that was (`time.monotonic()`), to the moment."""
        await self._line.leave(how)
        assert self.visit.left_at is not None
        return self.visit.left_at

    async def _read(self) -> None:
        """Take what comes, until the connection has ended or is closed by us."""
        try:
            while True:
                if self._reads_until is not None and self._reads_until(self.visit):
                    await self._reads.wait()
                data = bytes(await self._line.wire.stream.receive_some(READ_BYTES))
                await self._line.take(data)
                self._wake()
                if not data:
                    break
        except trio.BrokenResourceError:
            self.visit.end(AnswerEnding.RESET)
        except trio.ClosedResourceError:
            pass  # we have left
        self._wake()

    def _wake(self) -> None:
        self._happened.set()
        self._happened = trio.Event()
