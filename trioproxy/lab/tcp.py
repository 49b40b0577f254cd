"""A TCP connection as Trio's `SocketStream` has it, but for one thing: a reset is one to all who use it.

The kernel tells of a reset once, to whoever meets it first, and from then on of an end.
Where a write came first, whoever reads would take the reset for a FIN (tcp(7), recv(2)).
"""

from __future__ import annotations

import errno

import trio

from trioproxy.sockets import Departure, departed


class TcpStream(trio.abc.HalfCloseableStream):
    """See above. Cancellation is as with `trio.SocketStream`, which it wraps."""

    def __init__(self, inner: trio.SocketStream) -> None:
        self.socket = inner.socket
        self._inner = inner
        self._broken: trio.BrokenResourceError | None = None
        self._settled = trio.Event()  # the write under way, if there is one, has ended
        self._settled.set()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """As `SocketStream.send_all`."""
        self._settled = trio.Event()
        try:
            await self._inner.send_all(data)
        except trio.BrokenResourceError as error:
            cause = error.__cause__
            # EPIPE is a reset behind a FIN: for whoever reads, the FIN came first.
            if isinstance(cause, OSError) and cause.errno != errno.EPIPE:
                self._broken = error
            raise
        finally:
            self._settled.set()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """As `SocketStream.receive_some`.

        Raises:
            trio.BrokenResourceError: the connection was reset, whoever met that first.
        """
        data = await self._inner.receive_some(max_bytes)
        if not data and departed(self.socket) is Departure.RST:
            # A write under way has met it too, or is about to; which of the two errors that was it will say.
            await self._settled.wait()
            if self._broken is not None:
                raise trio.BrokenResourceError("reset") from self._broken
        return data

    async def wait_send_all_might_not_block(self) -> None:
        """As `SocketStream.wait_send_all_might_not_block`."""
        await self._inner.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        """As `SocketStream.send_eof`."""
        await self._inner.send_eof()

    async def aclose(self) -> None:
        """As `SocketStream.aclose`."""
        await self._inner.aclose()
