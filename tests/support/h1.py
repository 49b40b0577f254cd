"""A raw HTTP/1.1 client for tests: it can do everything a bad or unlucky client does.

    async with await H1Client.connect(port) as client:
        await client.request("GET", "/v1/models")
        head = await client.head()            # status and headers
        async for piece in client.body(): ... # raises Truncated when the end never comes
    reply = await client.reply()              # all of it; `.complete` tells a truncation

Refusing to read is simply not reading: pass `receive_buffer_bytes` so that the kernel's
buffer is full soon. Leaving: `close` (FIN), `half_close` (FIN, goes on reading), `reset` (RST).
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from types import TracebackType

import h11
import trio

Headers = Iterable[tuple[bytes, bytes]]


class Truncated(Exception):
    """The connection ended, or was reset, before the message's framing said so."""


@dataclass(frozen=True, slots=True)
class Head:
    status: int
    headers: tuple[tuple[bytes, bytes], ...]

    def header(self, name: bytes) -> bytes | None:
        """The first value of that name (lower case), None if there is none."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class Reply:
    head: Head
    body: bytes
    complete: bool

    @property
    def status(self) -> int:
        return self.head.status

    def header(self, name: bytes) -> bytes | None:
        """The first value of that name (lower case), None if there is none."""
        return self.head.header(name)


async def open_socket(port: int, host: str, receive_buffer_bytes: int | None) -> trio.SocketStream:
    """A connected TCP stream; the receive buffer is set before connecting, or the window is agreed without it."""
    sock = trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer_bytes is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
    await sock.connect((host, port))
    return trio.SocketStream(sock)


def send_rst(sock: trio.socket.SocketType) -> None:
    """Close with RST: what a crashed or impatient client's kernel sends."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class H1Client:
    def __init__(self, wire: trio.SocketStream, stream: trio.abc.Stream) -> None:
        self._wire = wire
        self.stream = stream
        self._parser = h11.Connection(h11.CLIENT)

    @classmethod
    async def connect(
        cls,
        port: int,
        host: str = "127.0.0.1",
        *,
        receive_buffer_bytes: int | None = None,
        tls: ssl.SSLContext | None = None,
        server_hostname: str = "localhost",
    ) -> H1Client:
        wire = await open_socket(port, host, receive_buffer_bytes)
        if tls is None:
            return cls(wire, wire)
        return cls(wire, trio.SSLStream(wire, tls, server_hostname=server_hostname, https_compatible=True))

    async def __aenter__(self) -> H1Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def send(self, data: bytes) -> None:
        """These bytes as they are. After a raw request head call `expect(method)` before reading."""
        await self.stream.send_all(data)

    def expect(self, method: str = "GET") -> None:
        """Make the parser ready for the response to a request that was sent raw."""
        if self._parser.our_state is h11.DONE:
            self._parser.start_next_cycle()
        self._parser.send(h11.Request(method=method, target="/", headers=[("host", "x"), ("content-length", "0")]))
        self._parser.send(h11.EndOfMessage())

    async def request(
        self, method: str = "GET", target: str = "/", headers: Headers = (), body: bytes | None = None
    ) -> None:
        """One request; `host` is added, and `content-length` where there is a body."""
        lines = [f"{method} {target} HTTP/1.1".encode("latin-1"), b"host: localhost"]
        lines += [name + b": " + value for name, value in headers]
        if body is not None:
            lines.append(b"content-length: %d" % len(body))
        self.expect(method)
        await self.send(b"\r\n".join(lines) + b"\r\n\r\n" + (body or b""))

    async def _event(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            try:
                event = self._parser.next_event()
            except h11.RemoteProtocolError as error:
                raise Truncated(str(error)) from error
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]
            try:
                self._parser.receive_data(bytes(await self.stream.receive_some(65536)))
            except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
                raise Truncated("reset") from error

    async def head(self) -> Head:
        """The final response head; 1xx are passed over. Raises Truncated."""
        while True:
            event = await self._event()
            if isinstance(event, h11.Response):
                return Head(event.status_code, tuple(event.headers))
            if not isinstance(event, h11.InformationalResponse):
                raise Truncated(f"no response head: {event!r}")

    async def piece(self) -> bytes:
        """The next piece of the body; `b""` at its end. Raises Truncated when that never comes."""
        event = await self._event()
        if isinstance(event, h11.EndOfMessage):
            return b""
        if not isinstance(event, h11.Data):
            raise Truncated(f"no end of the body: {event!r}")
        return bytes(event.data)

    async def body(self) -> AsyncIterator[bytes]:
        """The pieces of the body as they come. Raises Truncated when its end never comes."""
        while piece := await self.piece():
            yield piece

    async def read(self, count: int) -> bytes:
        """At least `count` bytes of the body, or what there was up to its end. Raises Truncated."""
        received = bytearray()
        while len(received) < count and (piece := await self.piece()):
            received += piece
        return bytes(received)

    async def reply(self) -> Reply:
        """Head and whole body. Raises Truncated only if there is no head."""
        head = await self.head()
        received = bytearray()
        try:
            async for piece in self.body():
                received += piece
        except Truncated:
            return Reply(head, bytes(received), complete=False)
        return Reply(head, bytes(received), complete=True)

    async def wait_closed(self) -> str:
        """Read and drop until the server closes; "eof" for FIN, "reset" for RST."""
        try:
            while await self.stream.receive_some(65536):
                pass
        except trio.BrokenResourceError:
            return "reset"
        return "eof"

    def half_close(self) -> None:
        """FIN, while this side could go on reading."""
        self._wire.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """FIN (the kernel makes it RST where received bytes are unread). Idempotent."""
        self._wire.socket.close()

    def reset(self) -> None:
        """RST."""
        send_rst(self._wire.socket)
