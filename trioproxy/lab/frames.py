"""One HTTP/2 connection (RFC 9113), for either side: h2's state machine, and one task that writes.

    whoever has something to say ──▶ push ──▶ writer ──▶ stream
    receive ──▶ events, and new windows ──▶ whoever waits for one

Nobody but the writer sends, so that a script may be cancelled at any moment without leaving half a frame behind it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import trio

from trioproxy.model import RawHeaders

# HTTP/1.1's own, which HTTP/2 has other words for (RFC 9113, 8.2.2).
HOPS = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"})
FRAME_HEADER_BYTES = 9


def _unheard(size_bytes: int) -> None:
    """Nobody counts."""


class Frames:
    """See above. `broken`: the stream under it takes nothing any more."""

    def __init__(self, stream: trio.abc.SendStream, *, client: bool) -> None:
        self.machine = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=client,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.broken = False
        self._over = False
        self._stream = stream
        self._waiting = bytearray()
        self._pushed_bytes = self._written_bytes = 0
        self._news = trio.Event()

    async def write(self) -> None:
        """Write what is pushed; ends when the stream is broken."""
        while True:
            while not self._waiting:
                await self._news.wait()
            data = bytes(self._waiting)
            self._waiting.clear()
            try:
                await self._stream.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                self.broken = True
                self._stir()
                return
            self._written_bytes += len(data)
            self._stir()

    def push(self, raw: bytes = b"") -> None:
        """Let the writer have what the machine has to say, and then `raw`, whatever that is."""
        data = self.machine.data_to_send() + raw
        self._waiting += data
        self._pushed_bytes += len(data)
        self._stir()

    async def drain(self) -> None:
        """Wait until the kernel has what was pushed so far.

        Raises:
            trio.BrokenResourceError: it never will.
        """
        goal_bytes = self._pushed_bytes
        while self._written_bytes < goal_bytes:
            if self.broken:
                raise trio.BrokenResourceError("the connection is broken")
            await self._news.wait()

    def receive(self, data: bytes) -> list[h2.events.Event]:
        """What bytes from the peer mean; nothing once we have said GOAWAY, which the machine takes for the end.

        Raises:
            h2.exceptions.ProtocolError: they are not HTTP/2; the peer will be told.
        """
        if self._over:
            return []
        try:
            return self.machine.receive_data(data)
        finally:
            self.push()

    def send_head(self, stream_id: int, headers: RawHeaders, *, end: bool = False) -> None:
        """HEADERS; names in lower case, without those of HTTP/1.1.

        Raises:
            trio.BrokenResourceError: the stream is over.
        """
        lower = ((name.lower(), value) for name, value in headers)
        told = [each for each in lower if each[0] not in HOPS]
        self._say(lambda: self.machine.send_headers(stream_id, told, end_stream=end))

    async def send_body(
        self, stream_id: int, data: bytes, *, end: bool = False, most_bytes: int, sent: Callable[[int], None] = _unheard
    ) -> None:
        """DATA, as the peer's windows allow, at most `most_bytes` a frame; `sent` hears what the kernel took.

        Raises:
            trio.BrokenResourceError: the stream, or the connection, is over.
        """
        view = memoryview(data)
        while view:
            size = max(0, min(self._window(stream_id), most_bytes, len(view)))
            if size:
                piece, view = bytes(view[:size]), view[size:]
                self._say(partial(self.machine.send_data, stream_id, piece, end_stream=end and not view))
                await self.drain()
                sent(size + FRAME_HEADER_BYTES)
            elif self.broken:
                raise trio.BrokenResourceError("the connection is broken")
            else:
                await self._news.wait()

    def _window(self, stream_id: int) -> int:
        try:
            return min(self.machine.local_flow_control_window(stream_id), self.machine.max_outbound_frame_size)
        except h2.exceptions.ProtocolError as error:
            raise trio.BrokenResourceError(str(error)) from error

    def end(self, stream_id: int) -> None:
        """END_STREAM.

        Raises:
            trio.BrokenResourceError: the stream is over.
        """
        self._say(lambda: self.machine.end_stream(stream_id))

    def reset(self, stream_id: int, code: int) -> None:
        """RST_STREAM, if there still is a stream."""
        with contextlib.suppress(trio.BrokenResourceError):
            self._say(lambda: self.machine.reset_stream(stream_id, code))

    def go_away(self, code: int, last_stream_id: int | None = None) -> None:
        """GOAWAY: no stream after `last_stream_id` was, or will be, dealt with."""
        self._over = True
        with contextlib.suppress(trio.BrokenResourceError):
            self._say(lambda: self.machine.close_connection(code, last_stream_id=last_stream_id))

    def acknowledge(self, stream_id: int, size_bytes: int) -> None:
        """Open the windows by what was read, as h2 thinks best."""
        with contextlib.suppress(trio.BrokenResourceError):
            self._say(lambda: self.machine.acknowledge_received_data(size_bytes, stream_id))

    def pass_over(self, size_bytes: int) -> None:
        """Open the connection's window alone: other streams go on, the one that these bytes came on is stuck."""
        with contextlib.suppress(trio.BrokenResourceError):
            if size_bytes:
                self._say(lambda: self.machine.increment_flow_control_window(size_bytes))

    def _say(self, say: Callable[[], None]) -> None:
        try:
            say()
        except h2.exceptions.ProtocolError as error:
            raise trio.BrokenResourceError(str(error)) from error
        self.push()

    def _stir(self) -> None:
        self._news.set()
        self._news = trio.Event()
