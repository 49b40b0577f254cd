"""The socket under a connection: writes that give up on a client that has stopped reading.

Trio's `SocketStream.send_all` cannot be given a deadline that looks at progress:
once cancelled it does not know how much was sent. So this one writes by itself, and
it sits below TLS, where the same holds. A byte counts as progress when the peer's
kernel has acknowledged it, which a full send buffer hides from `select`: a socket
becomes writable only when a third of its buffer is free, minutes for a slow reader.
"""

from __future__ import annotations

import os

import trio

from trioproxy import sockets
from trioproxy.app.hypercorn_fixes.patience import ClientStalled, Patience


class Wire(trio.abc.HalfCloseableStream):
    """A socket stream for one writer at a time, whose writes cannot be cancelled half-way.

    All bytes of a `send_all` go out, or the connection is over: bytes that have left a protocol's
    state machine may not be dropped, least of all because one of many streams was cancelled.
    """

    def __init__(self, inner: trio.SocketStream, patience: Patience) -> None:
        self._inner = inner
        self._patience = patience
        self._unacknowledged = 0
        self.socket = inner.socket
        self.blocked = False
        """A write is waiting for the client right now."""
        self.stalled = False
        """Reset because the client had stopped reading."""

    @property
    def lost(self) -> bool:
        """It is closed on our side."""
        return self.socket.fileno() == -1

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Write everything. Raises ClientStalled, BrokenResourceError, ClosedResourceError.

        Cancellation does not interrupt it and is not delivered by it.
        """
        view = memoryview(data)
        try:
            while (descriptor := self.socket.fileno()) != -1:
                try:
                    view = view[os.write(descriptor, view) :]
                except BlockingIOError:
                    await self._writable()
                else:
                    if not view:
                        await trio.lowlevel.cancel_shielded_checkpoint()
                        return
        except OSError as error:
            raise trio.BrokenResourceError(str(error)) from error
        raise trio.ClosedResourceError("the connection was closed while writing")

    async def _writable(self) -> None:
        self._unacknowledged = sockets.unacknowledged_bytes(self.socket)
        self.blocked = True
        try:
            await self._patience.wait(self.wait_send_all_might_not_block, self._progressed, shield=True)
        except ClientStalled:
            self.stalled = True
            self.reset()
            raise
        finally:
            self.blocked = False

    def _progressed(self) -> bool:
        before, self._unacknowledged = self._unacknowledged, sockets.unacknowledged_bytes(self.socket)
        return self._unacknowledged < before

    async def wait_send_all_might_not_block(self) -> None:
        """Return when the kernel takes more."""
        await trio.lowlevel.wait_writable(self.socket)

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """What one read returns; empty after the client's FIN."""
        return await self._inner.receive_some(max_bytes)

    async def send_eof(self) -> None:
        """FIN; reading goes on."""
        await self._inner.send_eof()

    async def aclose(self) -> None:
        """Close; what the kernel holds still goes out."""
        await self._inner.aclose()

    def reset(self) -> None:
        """RST, now: drop what the kernel still holds and wake whoever reads or writes. Idempotent."""
        sockets.reset(self.socket)
