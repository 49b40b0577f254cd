"""A client's request over HTTP/2, one stream on a connection of its own (RFC 9113)."""

from __future__ import annotations

import contextlib

import h2.events
import h2.exceptions
import trio
from h2.errors import ErrorCodes

from trioproxy.lab.frames import Frames
from trioproxy.lab.guest.line import Wire
from trioproxy.lab.guest.seen import AnswerEnding, Visit
from trioproxy.lab.http1 import Malformed
from trioproxy.lab.script import Ask, Going
from trioproxy.model import RawHeaders

WRITE_BYTES = 65536
STREAM_ID = 1


class H2Line:
    """Implements `guest.line.Line`."""

    def __init__(self, wire: Wire, visit: Visit) -> None:
        self.wire = wire
        self._visit = visit
        self._frames = Frames(wire.stream, client=True)
        self._unsent = b""

    async def write(self) -> None:
        """See Line."""
        await self._frames.write()

    async def begin(self, ask: Ask, share: float) -> None:
        """See Line."""
        half = int(len(ask.body) * share)
        self._frames.machine.initiate_connection()
        self._frames.send_head(STREAM_ID, self._head(ask), end=not ask.body)
        await self._frames.drain()
        await self._send(ask.body[:half], end=half == len(ask.body))
        self._unsent = ask.body[half:]

    async def finish(self) -> None:
        """See Line."""
        await self._send(self._unsent, end=True)

    async def take(self, data: bytes) -> None:
        """See Line."""
        if not data:
            self._visit.end(AnswerEnding.TRUNCATED, "" if self._visit.status else "no head")
            return
        try:
            for event in self._frames.receive(data):
                self._note(event)
        except h2.exceptions.ProtocolError as error:
            self._visit.end(AnswerEnding.TRUNCATED, f"garbled: {type(error).__name__}: {error}")
        except Malformed as error:
            self._visit.end(AnswerEnding.TRUNCATED, f"garbled: {error}")

    async def leave(self, how: Going) -> None:
        """See Line."""
        self._visit.leaves(how)
        match how:
            case Going.RST_STREAM:
                self._frames.reset(STREAM_ID, ErrorCodes.CANCEL)
                await self._say_farewell()
            case Going.GOAWAY:
                self._frames.go_away(ErrorCodes.NO_ERROR)
                await self._say_farewell()
                self.wire.close()
            case Going.RST:
                self.wire.reset()
            case _:
                self.wire.close()

    async def send_more(self, data: bytes) -> None:
        """See Line."""
        raise AssertionError("a story that no HTTP/2 client can play is refused")

    async def _say_farewell(self) -> None:
        with contextlib.suppress(trio.BrokenResourceError):  # it knows already
            await self._frames.drain()

    async def _send(self, body: bytes, *, end: bool) -> None:
        await self._frames.send_body(STREAM_ID, body, end=end, most_bytes=WRITE_BYTES)

    def _head(self, ask: Ask) -> RawHeaders:
        own = {name.lower(): value for name, value in ask.headers}
        added: RawHeaders = ()
        if ask.body:
            added = ((b"content-type", b"application/json"), (b"content-length", b"%d" % len(ask.body)))
        return (
            (b":method", ask.method.encode()),
            (b":scheme", b"https" if self.wire.secure else b"http"),
            (b":authority", own.get(b"host", self.wire.host.encode())),
            (b":path", ask.path.encode()),
            *(each for each in added if each[0] not in own),
            *((name, value) for name, value in ask.headers if name.lower() != b"host"),
        )

    def _note(self, event: h2.events.Event) -> None:
        visit = self._visit
        match event:
            case h2.events.ConnectionTerminated():
                code = int(event.error_code or 0)
                visit.goaway_code = code
                if (event.last_stream_id or 0) < STREAM_ID:
                    visit.end(AnswerEnding.TRUNCATED, f"GOAWAY {code}")
            case h2.events.InformationalResponseReceived():
                visit.interim.append(_status(event.headers))
            case h2.events.ResponseReceived():
                headers = tuple((name, value) for name, value in event.headers or () if name[:1] != b":")
                visit.has_head(_status(event.headers), headers)
            case h2.events.DataReceived():
                if event.data:
                    visit.has(event.data)
                self._frames.acknowledge(STREAM_ID, event.flow_controlled_length or 0)
            case h2.events.StreamEnded():
                visit.end(AnswerEnding.CLEAN)
            case h2.events.StreamReset():
                visit.end(AnswerEnding.RESET, f"RST_STREAM {int(event.error_code or 0)}")


def _status(headers: RawHeaders | list[tuple[bytes, bytes]] | None) -> int:
    status = dict(headers or ()).get(b":status", b"")
    if not status.isdigit():
        raise Malformed(f"status {status!r}")
    return int(status)
