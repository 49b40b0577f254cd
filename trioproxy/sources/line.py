"""The line to an upstream: a TCP connection, with or without TLS, that closes at once.

Five things that Trio's streams leave to their user are settled here. Closing is
synchronous: no checkpoint, no wait for a TLS close_notify. Sending reports that
the upstream takes no more instead of raising, since its answer may be waiting to
be read. What the kernel has taken is counted, also of a write that failed. A
reset that a write has met is one to whoever reads, too. And sending can be given up
while reading goes on: cancelling `trio.SSLStream.send_all`, or letting it fail,
would break it for both directions, so under TLS the bytes are dropped beneath it.
"""

from __future__ import annotations

import contextlib
import ssl
from typing import Protocol

import trio

from trioproxy.sockets import Breakage, reset, unacknowledged_bytes

READ_BYTES = 65536


class Line(Protocol):
    """A two-way stream of bytes to one upstream."""

    @property
    def taken_bytes(self) -> int:
        """What the kernel has taken so far, TLS and its handshake included. How much of it arrived nobody knows."""
        ...

    async def send(self, data: bytes | memoryview) -> bool:
        """Send all of `data`; False if the upstream takes no more. A cancelled line can only be closed."""
        ...

    def stop_sending(self) -> None:
        """What is not sent yet need not be: cancelling `send` no longer harms reading."""
        ...

    async def receive(self) -> bytes:
        """What one read returns; `b""` when the upstream has closed.

        Raises:
            trio.BrokenResourceError: it was reset, whoever met that first, or had been closed by us.
            trio.ClosedResourceError: it was closed by us meanwhile.
        """
        ...

    def dropped(self) -> bool:
        """While nothing is due from the upstream: it has closed, or says something unasked."""
        ...

    def close(self) -> None:
        """Close at once. Twice is harmless."""
        ...


class PlainLine:
    """A TCP connection."""

    __slots__ = ("_breakage", "_stream", "taken_bytes")

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._breakage = Breakage()
        self.taken_bytes = 0

    async def send(self, data: bytes | bytearray | memoryview) -> bool:
        """See Line.send."""
        sock = self._stream.socket
        with contextlib.suppress(OSError), self._breakage.writing():
            # What was taken is counted, which Trio's `send_all` keeps to itself.
            taken = await sock.send(data)
            self.taken_bytes += taken
            if taken < len(data):
                view = memoryview(data)
                while view := view[taken:]:
                    taken = await sock.send(view)
                    self.taken_bytes += taken
            return True
        return False

    def stop_sending(self) -> None:
        """See Line.stop_sending: a socket does not mind."""

    async def receive(self) -> bytes:
        """See Line.receive."""
        try:
            data = await self._stream.socket.recv(READ_BYTES)
        except OSError as error:
            self._breakage.met(error)
            raise trio.BrokenResourceError(str(error)) from error
        if not data:
            await self._breakage.check(self._stream.socket)
        return data

    def dropped(self) -> bool:
        """See Line.dropped."""
        return self._stream.socket.is_readable()

    def close(self) -> None:
        """See Line.close. If the upstream has not taken all that was sent, with RST: a FIN would wait behind it."""
        sock = self._stream.socket
        if unacknowledged_bytes(sock):
            reset(sock)
        sock.close()


class TlsLine:
    """A TLS connection; `handshake` comes first."""

    __slots__ = ("_beneath", "_tls")

    def __init__(self, stream: trio.SocketStream, context: ssl.SSLContext, hostname: str) -> None:
        self._beneath = _Beneath(stream)
        # https_compatible: HTTP's own framing says whether a body is whole, and hardly any peer sends close_notify.
        self._tls = trio.SSLStream(self._beneath, context, server_hostname=hostname, https_compatible=True)

    @property
    def taken_bytes(self) -> int:
        """See Line.taken_bytes."""
        return self._beneath.line.taken_bytes

    async def handshake(self) -> None:
        """Agree on keys and check the upstream's certificate.

        Raises:
            trio.BrokenResourceError: its cause says why.
        """
        await self._tls.do_handshake()

    async def send(self, data: bytes | memoryview) -> bool:
        """See Line.send."""
        try:
            await self._tls.send_all(data)
        except trio.BrokenResourceError:  # reading has met the end, and says so itself
            return False
        return not self._beneath.deaf

    def stop_sending(self) -> None:
        """See Line.stop_sending."""
        self._beneath.stop()

    async def receive(self) -> bytes:
        """See Line.receive."""
        return bytes(await self._tls.receive_some(READ_BYTES))

    def dropped(self) -> bool:
        """See Line.dropped."""
        # What came in one read with the last answer lies in TLS, not in the socket. Trio tells nobody: a test does.
        return self._tls._incoming.pending > 0 or self._beneath.line.dropped()

    def close(self) -> None:
        """See Line.close."""
        self._beneath.line.close()


class _Beneath(trio.abc.Stream):
    """The connection under TLS; once it is deaf, what TLS sends vanishes."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self.line = PlainLine(stream)
        self._sending: trio.CancelScope | None = None  # noqa: TID251 (a type)
        self.deaf = False

    def stop(self) -> None:
        self.deaf = True
        if self._sending is not None:
            # Shielded, so that this scope ends the wait although an outer one is cancelled as well:
            # nothing may be raised through SSLStream.
            self._sending.shield = True
            self._sending.cancel()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if self.deaf:
            return
        # The scope makes one wait of one task endable (docs/adr/0007).
        with trio.CancelScope() as self._sending:  # noqa: TID251
            if not await self.line.send(data):
                self.deaf = True
        self._sending = None

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self.line.receive()

    async def aclose(self) -> None:
        await self._stream.aclose()
