"""A TCP connection as `trio.SocketStream` has it, but that a reset is one to all who use it (`sockets.Breakage`)."""

from __future__ import annotations

import trio

from trioproxy.sockets import Breakage


class TcpStream(trio.abc.HalfCloseableStream):
    """See above. Cancellation is as with `trio.SocketStream`, which it wraps."""

    def __init__(self, inner: trio.SocketStream) -> None:
        self.socket = inner.socket
        self._inner = inner
        self._breakage = Breakage()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """As `SocketStream.send_all`."""
        with self._breakage.writing():
            await self._inner.send_all(data)

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """As `SocketStream.receive_some`.

        Raises:
            trio.BrokenResourceError: the connection was reset, whoever met that first.
        """
        try:
            data = await self._inner.receive_some(max_bytes)
        except trio.BrokenResourceError as error:
            self._breakage.met(error)
            raise
        if not data:
            await self._breakage.check(self.socket)
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
