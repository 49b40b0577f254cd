"""A client's place at a relay: a trio memory channel from the pump to the response generator.

    pump ── push ──▶ [ bounded in bytes ] ── receive ──▶ response generator

One read from the upstream is one item; items that already wait are joined into
one send; nothing ever waits for more. Nothing here starts a task or opens a scope.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import trio

from trioproxy.errors import TrioProxyError
from trioproxy.model import Head
from trioproxy.rules.lifecycle import Cause

# What may wait for a client that is slower than its upstream before the pump pauses. With one
# read (64 KiB) on either side of it, this bounds what a client that stops reading costs.
LIMIT_BYTES = 32 * 1024


class Seat:
    """One client's view of one call: its head, its body, and whether that was all of it."""

    def __init__(self, on_leave: Callable[[Cause], None]) -> None:
        self._on_leave = on_leave
        self._send, self._receive = trio.open_memory_channel[bytes](math.inf)
        self._waiting_bytes = 0
        self._drained = trio.Event()
        self._known = trio.Event()
        self._head: Head | None = None
        self._failure: TrioProxyError | None = None
        self._finished = False
        self._left = False

    # The client's side.

    async def head(self) -> Head:
        """Wait for the answer's head.

        Raises:
            TrioProxyError: there is none; the error knows how the client is answered.
        """
        await self._known.wait()
        if self._head is None:
            assert self._failure is not None, "a call without a head has a failure"
            raise self._failure
        return self._head

    async def receive(self) -> bytes:
        """The next chunk, joined with all that waits; `b""` once the body has ended as framed.

        The end of the channel alone is not success: only the mark that `end` sets is.

        Raises:
            TrioProxyError: the body will not be finished.
        """
        try:
            chunk = await self._receive.receive()
        except trio.EndOfChannel:
            if self._finished:
                return b""
            assert self._failure is not None, "a call that did not finish has a failure"
            raise self._failure from None
        missing_bytes = self._waiting_bytes - len(chunk)
        if missing_bytes:
            parts = [chunk]
            while missing_bytes:
                parts.append(self._receive.receive_nowait())
                missing_bytes -= len(parts[-1])
            chunk = b"".join(parts)
        self._waiting_bytes = 0
        self._drained.set()
        return chunk

    def leave(self, cause: Cause) -> None:
        """Give the place up: cannot block, cannot fail; calling it twice is harmless."""
        if not self._left:
            self._left = True
            self._on_leave(cause)

    # The relay's side.

    def begin(self, head: Head) -> None:
        """The head has come."""
        self._head = head
        self._known.set()

    def push(self, chunk: bytes) -> bool:
        """Hand over a chunk at once; False if there should be `room` before the next."""
        if not self._left:
            self._send.send_nowait(chunk)
            self._waiting_bytes += len(chunk)
        return self._waiting_bytes <= LIMIT_BYTES

    async def room(self) -> None:
        """Return when the client has taken what waited."""
        if self._waiting_bytes:
            self._drained = trio.Event()
            await self._drained.wait()

    def end(self, failure: TrioProxyError | None) -> None:
        """No more will come, and whether that was all. Synchronous: a checkpoint could mask the failure."""
        self._failure = failure
        self._finished = failure is None
        self._send.close()
        self._known.set()
