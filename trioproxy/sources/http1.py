"""HTTP/1.1 on one connection: send a request, read the head of its answer (RFC 9112).

h11 writes and reads heads only, for one exchange at a time; it is dropped when the
head is there. Bodies are framed by `outgoing` and `framing`.

    exchange ─▶ small body: head + body in one send ─▶ read the head
            └▶ else: head ─▶ send the body ║ read the head ─▶ head first? then stop sending
"""

from __future__ import annotations

import re
from collections.abc import Callable

import h11
import trio

from trioproxy.errors import ClientError, UpstreamClosed
from trioproxy.model import Head
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.answer import Http1Answer
from trioproxy.sources.base import Progress
from trioproxy.sources.connection import NothingSent
from trioproxy.sources.framing import Chunked, FramingError, UntilClose, framing_of
from trioproxy.sources.line import Line
from trioproxy.sources.outgoing import Outgoing

HEAD_LIMIT_BYTES = 262_144  # all heads before the body together: also those of 1xx

# Where h11's messages begin to quote bytes: a header's value may be a key.
_QUOTE = re.compile(r":? (?:bytearray\()?b['\"].*", re.DOTALL)


class Http1Connection:
    """Implements `sources.connection.Connection`: one exchange at a time.

    Args:
        line: connected, and owned from now on.
        name: of the origin, for messages.
        on_idle: called when an exchange has ended such that another may follow.
    """

    __slots__ = ("_name", "_on_idle", "_reused", "_sent", "line")

    def __init__(self, line: Line, name: str, on_idle: Callable[[Http1Connection], None]) -> None:
        self.line = line
        self._name = name
        self._on_idle = on_idle
        self._reused = False
        self._sent = False  # the current request went out whole

    async def exchange(self, request: Outgoing, progress: Progress) -> Http1Answer:
        """See Connection.exchange."""
        self._sent = False
        machine = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT_BYTES)
        head = self._write_head(machine, request)
        compact = request.compact()
        small = compact is not None
        if self._reused and self.line.dropped():
            raise NothingSent(f"{self._name} had closed an idle connection")
        progress.enter(Phase.SENDING)
        going = await self._send_first(head + (compact or b""))
        del compact
        if small:
            self._sent = going
            request.forget()
            progress.enter(Phase.WAITING)
        if small or not going:
            response = await self._read_head(machine)
        else:
            response = await self._converse(machine, request, progress)
        return self._answer(request, response, machine.trailing_data[0], progress)

    def dropped(self) -> bool:
        """See Connection.dropped."""
        return self.line.dropped()

    def close(self) -> None:
        """See Connection.close."""
        self.line.close()

    def _write_head(self, machine: h11.Connection, request: Outgoing) -> bytes:
        try:
            event = h11.Request(method=request.method, target=request.target, headers=list(request.headers))
            return machine.send(event) or b""
        except h11.LocalProtocolError as error:
            raise ClientError(f"the request cannot be written as HTTP/1.1: {_unquoted(error)}") from None

    async def _send_first(self, data: bytes) -> bool:
        """As Line.send, but see NothingSent."""
        before = self.line.taken_bytes
        going = await self.line.send(data)
        if self._reused and not going and self.line.taken_bytes == before:
            raise NothingSent(f"{self._name} had reset an idle connection")
        return going

    async def _converse(self, machine: h11.Connection, request: Outgoing, progress: Progress) -> h11.Response:
        """Send and listen at the same time: the answer may come before the body is sent (413, 401)."""
        error: BaseException
        try:
            # Joined before this method returns; no yield is inside (docs/adr/0007).
            async with trio.open_nursery() as nursery:  # noqa: TID251
                nursery.start_soon(self._send_body, request, progress)
                response = await self._read_head(machine)
                if not self._sent:
                    self.line.stop_sending()
                nursery.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            error = _foremost(group)
        else:
            return response
        try:
            raise error
        finally:
            del error  # or this frame and the traceback hold each other

    async def _send_body(self, request: Outgoing, progress: Progress) -> None:
        """Send the body; give up without a word when the upstream takes no more: its answer says why."""
        content = request.content
        progress.enter(Phase.SENDING)
        if isinstance(content, bytes):
            if not await self._send_chunk(content, request, progress):
                return
        elif content is not None:
            async for chunk in content:
                if not await self._send_chunk(chunk, request, progress):
                    return
        end = request.end()
        if end and not await self.line.send(end):
            return
        self._sent = True
        del content
        request.forget()
        progress.enter(Phase.WAITING)

    async def _send_chunk(self, chunk: bytes, request: Outgoing, progress: Progress) -> bool:
        for piece in request.frame(chunk):
            if not await self.line.send(piece):
                return False
            progress.enter(Phase.SENDING)
        return True

    async def _read_head(self, machine: h11.Connection) -> h11.Response:
        """The final head; 1xx are passed over."""
        received = 0
        try:
            while not isinstance(event := machine.next_event(), h11.Response):
                if isinstance(event, h11.InformationalResponse):
                    continue
                if event is not h11.NEED_DATA:  # h11.PAUSED, after a 101
                    raise self._garbled("it switches protocols")
                if received > HEAD_LIMIT_BYTES:
                    raise self._garbled("its head is too long")
                data = await self.line.receive()
                if not data:
                    raise UpstreamClosed(f"{self._name} closed the connection before a response head")
                received += len(data)
                machine.receive_data(data)
        except trio.BrokenResourceError as error:
            raise UpstreamClosed(f"{self._name} reset the connection before a response head") from error
        except h11.RemoteProtocolError as error:
            raise self._garbled(_unquoted(error)) from None
        return event

    def _garbled(self, why: str) -> UpstreamClosed:
        return UpstreamClosed(f"{self._name} sent a garbled answer: {why}", garbled=True)

    def _answer(self, request: Outgoing, response: h11.Response, first: bytes, progress: Progress) -> Http1Answer:
        headers = tuple(response.headers.raw_items())
        try:
            framing = framing_of(request.method, response.status_code, headers)
        except FramingError as error:
            raise self._garbled(str(error)) from None
        framed = not isinstance(framing, UntilClose)
        stays = framed and request.keep_alive and _stays(response)
        if isinstance(framing, Chunked):  # a length beside it is void, and misleads whoever reads it (6.3, rule 3)
            headers = tuple(pair for pair in headers if pair[0].lower() != b"content-length")

        def on_end(clean: bool) -> None:
            if stays and clean and self._sent:
                self._reused = True
                self._on_idle(self)
            else:
                self.close()

        head = Head(response.status_code, headers, framed=framed)
        return Http1Answer(head, framing, first, line=self.line, name=self._name, progress=progress, on_end=on_end)


def _stays(response: h11.Response) -> bool:
    """The upstream lets the connection live (RFC 9112, 9.3)."""
    tokens = {
        token.strip()
        for name, value in response.headers
        if name == b"connection"
        for token in value.lower().split(b",")
    }
    if response.http_version >= b"1.1":
        return b"close" not in tokens
    return b"keep-alive" in tokens and b"close" not in tokens


def _foremost(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one to raise out of a nursery: an interrupt, else a cancellation from outside, else the first error."""
    return min(group.exceptions, key=lambda leaf: (isinstance(leaf, Exception), isinstance(leaf, trio.Cancelled)))


def _unquoted(error: h11.ProtocolError) -> str:
    return _QUOTE.sub("", str(error))
