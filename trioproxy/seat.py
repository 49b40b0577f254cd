"""A client's place at a relay: a trio memory channel from the pump to the response generator.

    pump ── push ──▶ [ bounded in bytes ] ── receive ──▶ response generator

One read from the upstream is one item; items that already wait are joined into
one send; nothing ever waits for more. Nothing here starts a task or opens a scope.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable

import trio

from trioproxy.errors import TrioProxyError, UpstreamTruncated
from trioproxy.model import Head
from trioproxy.rules.lifecycle import Cause

# What may wait for a client that is slower than its upstream before the pump pauses. With one
# read (64 KiB) on either side of it, this bounds what a client that stops reading costs.
LIMIT_BYTES = 32 * 1024
# The most that is joined into one send, of what waits for a client that joined late.
JOINED_BYTES = 256 * 1024
# What a waiting chunk costs besides its bytes.
CHUNK_OVERHEAD_BYTES = 64


class Seat:
    """One client's view of one call: its head, its body, and whether that was all of it.

    Args:
        on_leave: told once, synchronously, that the place is given up, and why.
        on_room: told when the client has taken enough of what waited for the pump to go on.
    """

    __slots__ = (
        "_failure", "_finished", "_head", "_known", "_on_leave", "_on_room", "_receive", "_send", "_waiting_bytes",
        "left",
    )  # fmt: skip

    def __init__(
        self, on_leave: Callable[[Seat, Cause], None] = lambda *_: None, on_room: Callable[[], None] = lambda: None
    ) -> None:
        self._on_leave = on_leave
        self._on_room = on_room
        self._send, self._receive = trio.open_memory_channel[bytes | memoryview](math.inf)
        self._waiting_bytes = 0
        self._known: trio.Event | None = None  # made by whoever waits for the head
        self._head: Head | None = None
        self._failure: TrioProxyError | None = None
        self._finished = False
        self.left = False

    # The client's side.

    async def head(self) -> Head:
        """Wait for the answer's head.

        Raises:
            TrioProxyError: there is none; the error knows how the client is answered.
        """
        if self._head is None and self._failure is None and not self._finished:
            self._known = self._known or trio.Event()
            await self._known.wait()
        else:
            await trio.lowlevel.checkpoint()
        if self._head is None:
            assert self._failure is not None, "a call without a head has a failure"
            raise self._failure
        return self._head

    async def receive(self) -> bytes:
        """The next chunk, joined with what waits; `b""` once the body has ended as framed.

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
        self._waiting_bytes -= len(chunk)
        if self._waiting_bytes > 0:
            chunk = self._with_more(chunk)
        if self._waiting_bytes <= LIMIT_BYTES:
            self._on_room()
        return bytes(chunk)

    def _with_more(self, chunk: bytes | memoryview) -> bytes:
        """`chunk` and what else waits, up to `JOINED_BYTES`."""
        parts, size_bytes = [chunk], len(chunk)
        while self._waiting_bytes > 0 and size_bytes < JOINED_BYTES:
            parts.append(self._receive.receive_nowait())
            size_bytes += len(parts[-1])
            self._waiting_bytes -= len(parts[-1])
        return b"".join(parts)

    def leave(self, cause: Cause) -> None:
        """Give the place up, and what waits there: cannot block, cannot fail; calling it twice is harmless."""
        if not self.left:
            self.left = True
            held = self._let_go()
            # Whoever still reads it is not misled; nor about an end that came before.
            if self._failure is None and (held or not self._finished):
                self.end(UpstreamTruncated(f"the seat was left: {cause}"))
            self._on_leave(self, cause)

    # The relay's side.

    @property
    def has_room(self) -> bool:
        """The pump may go on for this client's sake."""
        return self._waiting_bytes <= LIMIT_BYTES

    @property
    def lag_bytes(self) -> int:
        """What waits here, and what its chunks cost besides."""
        return self._waiting_bytes + CHUNK_OVERHEAD_BYTES * self._send.statistics().current_buffer_used

    def begin(self, head: Head) -> None:
        """The head has come."""
        self._head = head
        self._tell()

    def push(self, chunk: bytes | memoryview) -> None:
        """Hand over a chunk at once."""
        if not self.left:
            self._send.send_nowait(chunk)
            self._waiting_bytes += len(chunk)

    def end(self, failure: TrioProxyError | None) -> None:
        """No more will come, and whether that was all. Synchronous: a checkpoint could mask the failure."""
        self._failure = failure
        self._finished = failure is None
        self._send.close()
        self._tell()

    def cut(self, failure: TrioProxyError) -> None:
        """End it without what still waits: the client is too far behind to be given it."""
        self.end(failure)
        self._let_go()

    def _tell(self) -> None:
        """Whether there is a head is known now."""
        if self._known is not None:
            self._known.set()
            self._known = None

    def _let_go(self) -> bool:
        """Hold nothing of what waits any longer; whether anything was."""
        held = self._send.statistics().current_buffer_used > 0
        with contextlib.suppress(trio.WouldBlock, trio.EndOfChannel):
            while True:
                self._receive.receive_nowait()
        self._waiting_bytes = 0
        return held
