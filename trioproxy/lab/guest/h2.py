"""A client's request over HTTP/2, one stream on a connection of its own (RFC 9113)."""

from __future__ import annotations

import contextlib

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import trio
from h2.errors import ErrorCodes

from trioproxy.lab.guest.line import Wire
from trioproxy.lab.guest.seen import AnswerEnding, Visit
from trioproxy.lab.http1 import Malformed
from trioproxy.lab.script import Ask, Going
from trioproxy.model import RawHeaders

# HTTP/1.1's own, which HTTP/2 has other words for (RFC 9113, 8.2.2).
_HOPS = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade", b"host"})


class H2Line:
    """Implements `guest.line.Line`."""

    def __init__(self, wire: Wire, visit: Visit) -> None:
        self.wire = wire
        self._visit = visit
        self._unsent = memoryview(b"")
        self._stream_id = 1
        self._sending = trio.Lock()
        # Set anew whenever something came that may have opened the window.
        self._news = trio.Event()
        self._h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )

    async def begin(self, ask: Ask, share: float) -> None:
        """See Line."""
        half = int(len(ask.body) * share)
        self._h2.initiate_connection()
        self._h2.send_headers(self._stream_id, self._head(ask), end_stream=not ask.body)
        await self._flush()
        body = memoryview(ask.body)
        await self._send_body(body[:half], end=half == len(body) > 0)
        self._unsent = body[half:]

    async def finish(self) -> None:
        """See Line."""
        if self._unsent:
            await self._send_body(self._unsent, end=True)

    async def take(self, data: bytes) -> None:
        """See Line."""
        if not data:
            self._visit.end(AnswerEnding.TRUNCATED, "" if self._visit.status else "no head")
            return
        try:
            for event in self._h2.receive_data(data):
                self._note(event)
        except h2.exceptions.ProtocolError as error:
            self._visit.end(AnswerEnding.TRUNCATED, f"garbled: {type(error).__name__}: {error}")
        except Malformed as error:
            self._visit.end(AnswerEnding.TRUNCATED, f"garbled: {error}")
        self._news.set()
        self._news = trio.Event()
        await self._flush()

    async def leave(self, how: Going) -> None:
        """See Line."""
        match how:
            case Going.RST_STREAM | Going.GOAWAY:
                async with self._sending:
                    self._visit.leaves(how)
                    with contextlib.suppress(h2.exceptions.ProtocolError):  # the stream is over
                        if how is Going.RST_STREAM:
                            self._h2.reset_stream(self._stream_id, ErrorCodes.CANCEL)
                        else:
                            self._h2.close_connection(ErrorCodes.NO_ERROR)
                    await self._write()
                if how is Going.GOAWAY:
                    self.wire.close()
            case Going.RST:
                self._visit.leaves(how)
                self.wire.reset()
            case _:
                self._visit.leaves(how)
                self.wire.close()

    async def send_more(self, data: bytes) -> None:
        """See Line."""
        raise AssertionError("a story that no HTTP/2 client can play is refused")

    def _head(self, ask: Ask) -> list[tuple[bytes, bytes]]:
        own = {name.lower(): value for name, value in ask.headers}
        added: RawHeaders = ()
        if ask.body:
            added = ((b"content-type", b"application/json"), (b"content-length", b"%d" % len(ask.body)))
        return [
            (b":method", ask.method.encode()),
            (b":scheme", b"https" if self.wire.secure else b"http"),
            (b":authority", own.get(b"host", self.wire.host.encode())),
            (b":path", ask.path.encode()),
            *(each for each in added if each[0] not in own),
            *((name.lower(), value) for name, value in ask.headers if name.lower() not in _HOPS),
        ]

    async def _send_body(self, body: memoryview, *, end: bool) -> None:
        while body:
            room = min(self._window(), len(body))
            if self._visit.ending is not None:
                raise trio.BrokenResourceError("the stream is over")
            if room <= 0:
                await self._news.wait()
                continue
            try:
                self._h2.send_data(self._stream_id, bytes(body[:room]), end_stream=end and room == len(body))
            except h2.exceptions.ProtocolError as error:
                raise trio.BrokenResourceError("the stream is over") from error
            body = body[room:]
            await self._flush()

    def _window(self) -> int:
        try:
            return min(self._h2.local_flow_control_window(self._stream_id), self._h2.max_outbound_frame_size)
        except h2.exceptions.ProtocolError:  # the stream is over
            return 0

    def _note(self, event: h2.events.Event) -> None:
        visit = self._visit
        match event:
            case h2.events.ConnectionTerminated():
                code = int(event.error_code or 0)
                visit.goaway_code = code
                if (event.last_stream_id or 0) < self._stream_id:
                    visit.end(AnswerEnding.TRUNCATED, f"GOAWAY {code}: it was not taken")
            case h2.events.InformationalResponseReceived():
                visit.interim.append(_status(event.headers))
            case h2.events.ResponseReceived():
                status = _status(event.headers)
                visit.has_head(status, tuple((name, value) for name, value in event.headers if name[:1] != b":"))
            case h2.events.DataReceived():
                if event.data and visit.ending is None:
                    visit.has(event.data)
                with contextlib.suppress(h2.exceptions.ProtocolError):  # the stream is over
                    self._h2.acknowledge_received_data(event.flow_controlled_length or 0, self._stream_id)
            case h2.events.StreamEnded():
                visit.end(AnswerEnding.CLEAN)
            case h2.events.StreamReset():
                visit.end(AnswerEnding.RESET, f"RST_STREAM {int(event.error_code or 0)}")

    async def _flush(self) -> None:
        async with self._sending:
            await self._write()

    async def _write(self) -> None:
        """Send what the connection has to say; if it is broken, whoever reads finds out how."""
        if data := self._h2.data_to_send():
            with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                await self.wire.stream.send_all(data)


def _status(headers: RawHeaders | list[tuple[bytes, bytes]] | None) -> int:
    status = dict(headers or ()).get(b":status", b"")
    if not status.isdigit():
        raise Malformed(f"status {status!r}")
    return int(status)
