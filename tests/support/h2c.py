"""A raw HTTP/2 client for tests (prior knowledge, or TLS), built on the `h2` state machine.

    async with await H2Client.connect(port) as client:
        sid = await client.request("POST", "/v1/messages", body=b"{}")
        reply = await client.reply(sid)         # waits for END_STREAM, RST_STREAM or the connection's end
        reply.status, reply.body, reply.complete, reply.reset_code

Nothing is read unless a method waits, so refusing to read the socket is not waiting. Refusing on one
stream alone: `connect(grant=False)` never opens a window; `window_bytes` is the first window of every
stream. Several tasks may wait on one client. Leaving: `rst_stream`, `goaway`, `close`, `reset`.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import trio
from h2.errors import ErrorCodes

from support.h1 import open_socket, send_rst

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(slots=True)
class H2Reply:
    """What has come on one stream so far."""

    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    complete: bool = False
    reset_code: int | None = None

    @property
    def status(self) -> int | None:
        value = self.header(b":status")
        return None if value is None else int(value)

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key == name), None)


class H2Client:
    def __init__(self, wire: trio.SocketStream, stream: trio.abc.Stream, *, grant: bool) -> None:
        self._wire = wire
        self.stream = stream
        self.grant = grant
        self.connection = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.replies: dict[int, H2Reply] = {}
        self.goaway_code: int | None = None
        self.ended = False
        """The connection is over: FIN, RST or a protocol error."""
        self._pumping = trio.Lock()
        self._sending = trio.Lock()

    @classmethod
    async def connect(
        cls,
        port: int,
        host: str = "127.0.0.1",
        *,
        window_bytes: int | None = None,
        grant: bool = True,
        receive_buffer_bytes: int | None = None,
        tls: ssl.SSLContext | None = None,
        server_hostname: str = "localhost",
    ) -> H2Client:
        """`tls`, if given, must offer `h2` by ALPN."""
        wire = await open_socket(port, host, receive_buffer_bytes)
        stream: trio.abc.Stream = wire
        if tls is not None:
            stream = trio.SSLStream(wire, tls, server_hostname=server_hostname, https_compatible=True)
        client = cls(wire, stream, grant=grant)
        client.connection.initiate_connection()
        if window_bytes is not None:
            client.connection.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window_bytes})
        await client.flush()
        return client

    async def __aenter__(self) -> H2Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def flush(self) -> None:
        """Send what `self.connection` has to say; a broken connection is only noted."""
        async with self._sending:
            if data := self.connection.data_to_send():
                try:
                    await self.stream.send_all(data)
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    self.ended = True

    async def request(
        self,
        method: str = "GET",
        path: str | bytes | None = "/",
        headers: Headers = (),
        body: bytes | None = None,
        *,
        end: bool = True,
    ) -> int:
        """Start a request and return its stream id. `end=False` leaves the body open for `data`."""
        stream_id = self.connection.get_next_available_stream_id()
        head = [(b":method", method.encode()), (b":scheme", b"http"), (b":authority", b"localhost")]
        if path is not None:
            head.append((b":path", path if isinstance(path, bytes) else path.encode()))
        self.replies[stream_id] = H2Reply()
        self.connection.send_headers(stream_id, [*head, *headers], end_stream=end and not body)
        await self.flush()
        if body:
            await self.data(stream_id, body, end=end)
        return stream_id

    async def data(self, stream_id: int, body: bytes, *, end: bool = False) -> None:
        """Send body bytes, waiting for the server's window. Returns early once the stream is over."""
        reply = self.replies[stream_id]
        view = memoryview(body)
        while len(view):
            if not await self.until(lambda: reply.reset_code is not None or self._window(stream_id) > 0):
                return
            if reply.reset_code is not None:
                return
            size = min(self._window(stream_id), self.connection.max_outbound_frame_size, len(view))
            self.connection.send_data(stream_id, bytes(view[:size]))
            view = view[size:]
            await self.flush()
        if end:
            self.connection.end_stream(stream_id)
            await self.flush()

    def _window(self, stream_id: int) -> int:
        return self.connection.local_flow_control_window(stream_id)

    async def _pump(self) -> bool:
        """One read. False once the connection is over."""
        if self.ended:
            return False
        try:
            data = await self.stream.receive_some(65536)
            events = self.connection.receive_data(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError, h2.exceptions.ProtocolError):
            self.ended = True
            return False
        for event in events:
            self._note(event)
        if not data:
            self.ended = True
        await self.flush()
        return not self.ended

    def _note(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ConnectionTerminated):
            self.goaway_code = int(event.error_code or 0)
        reply = self.replies.get(getattr(event, "stream_id", None) or 0)
        if reply is None:
            return
        if isinstance(event, h2.events.ResponseReceived | h2.events.TrailersReceived):
            reply.headers += [(bytes(name), bytes(value)) for name, value in event.headers or ()]
        elif isinstance(event, h2.events.DataReceived):
            reply.body += event.data or b""
            if self.grant:
                self.acknowledge(event.stream_id or 0, event.flow_controlled_length or 0)
        elif isinstance(event, h2.events.StreamEnded):
            reply.complete = True
        elif isinstance(event, h2.events.StreamReset):
            reply.reset_code = int(event.error_code or 0)

    def acknowledge(self, stream_id: int, count: int) -> None:
        """Open the windows by `count` bytes at once (h2's own acknowledging waits for half a window)."""
        for target in (None, stream_id):
            with contextlib.suppress(h2.exceptions.ProtocolError):  # the stream is over
                self.connection.increment_flow_control_window(count or 1, target)

    async def until(self, met: Callable[[], bool]) -> bool:
        """Read until `met()`; False if the connection ended before."""
        while not met():
            async with self._pumping:
                if not met() and not await self._pump():
                    return met()
        return True

    async def head(self, stream_id: int) -> H2Reply:
        """Wait for the response head (or the stream's end)."""
        reply = self.replies[stream_id]
        await self.until(lambda: reply.status is not None or reply.reset_code is not None)
        return reply

    async def body(self, stream_id: int, count: int) -> H2Reply:
        """Wait until at least `count` body bytes came (or the stream's end)."""
        reply = self.replies[stream_id]
        await self.until(lambda: len(reply.body) >= count or reply.complete or reply.reset_code is not None)
        return reply

    async def reply(self, stream_id: int) -> H2Reply:
        """Wait for the stream's end: `complete`, or `reset_code`; neither if the connection ended first."""
        reply = self.replies[stream_id]
        await self.until(lambda: reply.complete or reply.reset_code is not None)
        return reply

    async def wait_closed(self) -> None:
        """Read until the connection is over."""
        await self.until(lambda: False)

    async def rst_stream(self, stream_id: int, code: ErrorCodes = ErrorCodes.CANCEL) -> None:
        self.connection.reset_stream(stream_id, code)
        await self.flush()

    async def goaway(self, code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """GOAWAY; the TCP connection stays up until `close`."""
        self.connection.close_connection(code)
        await self.flush()

    def close(self) -> None:
        """FIN (the kernel makes it RST where received bytes are unread). Idempotent."""
        self._wire.socket.close()

    def reset(self) -> None:
        """RST."""
        send_rst(self._wire.socket)
