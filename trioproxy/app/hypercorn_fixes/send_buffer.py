"""What an application has sent on one HTTP/2 stream and flow control has not let go yet.

Mend of Hypercorn's StreamBuffer, which releases the writer when the piece just taken was
small. A closed window takes pieces of nothing, so its writer never waited and the buffer held
all of the response. Here the writer waits while the buffer is full, whatever was taken.
"""

from __future__ import annotations

from collections.abc import Callable

import trio
from h2.errors import ErrorCodes

from trioproxy.app.hypercorn_fixes.patience import ClientGone, ClientStalled, Patience

HIGH_WATER_BYTES = 2 * 2**14
LOW_WATER_BYTES = 2**14


class SendBuffer:
    """One writer fills it, the connection's send task empties it."""

    def __init__(self, patience: Patience, window_open: Callable[[], bool]) -> None:
        self._patience = patience
        self._window_open = window_open
        self._room = trio.Event()
        self._taken_bytes = 0
        self._taken_before = 0
        self._stalled = False
        self.data = bytearray()
        self.ended = False
        """Nothing will be added; what is in it still goes out."""
        self.reset_code: ErrorCodes | None = None
        """How the stream ends after that: END_STREAM if None, else RST_STREAM."""
        self.end_written = False
        """END_STREAM was handed to the state machine."""
        self.over = trio.Event()
        """The stream's end is written to the socket, or will never be."""

    @property
    def waiting(self) -> bool:
        """There is something to send: bytes, or the end."""
        return bool(self.data) or self.ended

    async def push(self, data: bytes) -> None:
        """Add bytes; wait while there are too many. Raises ClientStalled."""
        self.data += data
        if len(self.data) >= HIGH_WATER_BYTES:
            await self._below(LOW_WATER_BYTES)

    async def drain(self) -> None:
        """Wait until all bytes are taken, or the stream is over. Raises ClientStalled."""
        await self._below(1)

    async def _below(self, level_bytes: int) -> None:
        while len(self.data) >= level_bytes and not self.over.is_set():
            self._room = trio.Event()
            await self._wait(self._room)
        self._raise_if_stalled()

    async def wait_over(self, limit_s: float | None = None) -> None:
        """Wait for the stream's end. Raises ClientStalled; `limit_s` replaces the usual limit."""
        if not self.over.is_set():
            await self._wait(self.over, limit_s)
        self._raise_if_stalled()
        if self.reset_code is None and not self.end_written:
            raise ClientGone("the client left before the end of its response")

    async def _wait(self, event: trio.Event, limit_s: float | None = None) -> None:
        await self._patience.wait(event.wait, self._progressed, limit_s=limit_s)

    def _raise_if_stalled(self) -> None:
        if self._stalled:
            raise ClientStalled("the client has stopped reading")

    def _progressed(self) -> bool:
        before, self._taken_before = self._taken_before, self._taken_bytes
        # Unless it is a closed window that keeps bytes here, it is the socket, whose write has its own patience.
        return self._taken_bytes > before or not self.data or self._window_open()

    def take(self, max_bytes: int) -> bytes:
        """Up to that many bytes, for the wire."""
        data = bytes(self.data[:max_bytes])
        del self.data[: len(data)]
        self._taken_bytes += len(data)
        if len(self.data) < LOW_WATER_BYTES:
            self._room.set()
        return data

    def end(self, reset_code: ErrorCodes | None = None) -> None:
        """Nothing more comes: END_STREAM follows what is in it, or RST_STREAM with this code."""
        self.ended = True
        self.reset_code = reset_code

    def drop(self) -> None:
        """The stream is over: nothing more is sent, whoever waits goes on."""
        self.ended = True
        self.data.clear()
        self._room.set()
        self.over.set()

    def stall(self) -> None:
        """As `drop`, but whoever waits gets ClientStalled. Nothing if the stream is over already."""
        if not self.over.is_set():
            self._stalled = True
            self.drop()
