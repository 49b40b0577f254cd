"""A client's request over HTTP/1.1, and the answer read bit by bit (RFC 9112)."""

from __future__ import annotations

from trioproxy.lab.guest.line import Wire
from trioproxy.lab.guest.seen import AnswerEnding, Visit
from trioproxy.lab.http1 import Body, Malformed, answer_head
from trioproxy.lab.script import Ask, Going
from trioproxy.model import RawHeaders

# A head that is longer is none.
MOST_HEAD_BYTES = 1 << 20


class H1Line:
    """Implements `guest.line.Line`."""

    def __init__(self, wire: Wire, visit: Visit) -> None:
        self.wire = wire
        self._answer = AnswerReader(visit)
        self._visit = visit
        self._unsent = b""

    async def write(self) -> None:
        """See Line."""

    async def begin(self, ask: Ask, share: float) -> None:
        """See Line."""
        half = int(len(ask.body) * share)
        self._answer.method = ask.method
        self._unsent = ask.body[half:]
        await self.wire.stream.send_all(request_head(ask, self.wire.host) + ask.body[:half])

    async def finish(self) -> None:
        """See Line."""
        if self._unsent:
            await self.wire.stream.send_all(self._unsent)

    async def take(self, data: bytes) -> None:
        """See Line."""
        self._answer.feed(data)

    async def leave(self, how: Going) -> None:
        """See Line."""
        self._visit.leaves(how)
        match how:
            case Going.RST:
                self.wire.reset()
            case Going.HALF_CLOSE:
                self.wire.half_close()
            case _:
                self.wire.close()

    async def send_more(self, data: bytes) -> None:
        """See Line."""
        await self.wire.stream.send_all(data)


def request_head(ask: Ask, host: str) -> bytes:
    """The head as it goes out; host, content-type and content-length are added where the story has none."""
    own = {name.lower() for name, _ in ask.headers}
    added: RawHeaders = ((b"host", host.encode()),)
    if ask.body:
        added += ((b"content-type", b"application/json"),)
    if (ask.body or ask.method not in ("GET", "HEAD")) and b"transfer-encoding" not in own:
        added += ((b"content-length", b"%d" % len(ask.body)),)
    headers = (*(each for each in added if each[0] not in own), *ask.headers)
    lines = [f"{ask.method} {ask.path} HTTP/1.1".encode(), *(name + b": " + value for name, value in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n"


class AnswerReader:
    """Takes one answer apart as it comes, into its visit."""

    def __init__(self, visit: Visit) -> None:
        self.method = "GET"
        self._visit = visit
        self._head = bytearray()
        self._body: Body | None = None

    def feed(self, data: bytes) -> None:
        """What was read; `b""` is the end of the connection."""
        visit = self._visit
        if visit.ending is not None:
            visit.rest_bytes += len(data)
            return
        if not data:
            self._closed()
            return
        try:
            while data and visit.ending is None:
                data = self._feed_body(data) if visit.status is not None else self._feed_head(data)
        except Malformed as error:
            if error.read:
                visit.has(error.read)
            visit.end(AnswerEnding.TRUNCATED, f"garbled: {error}")
        visit.rest_bytes += len(data)

    def _feed_head(self, data: bytes) -> bytes:
        """What follows the head, if that is all there."""
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            if len(self._head) > MOST_HEAD_BYTES:
                raise Malformed(f"a head of more than {MOST_HEAD_BYTES} bytes")
            return b""
        raw, rest = bytes(self._head[: end + 4]), bytes(self._head[end + 4 :])
        self._head.clear()
        status, headers = answer_head(raw)
        if 100 <= status <= 199:
            self._visit.interim.append(status)
            return rest
        self._visit.has_head(status, headers)
        if self.method == "HEAD" or status in (204, 304):
            self._visit.end(AnswerEnding.CLEAN)
            return rest
        self._body = Body(headers, answer=True)
        self._visit.framed = not self._body.until_close
        if self._body.whole:
            self._visit.end(AnswerEnding.CLEAN)
        return rest

    def _feed_body(self, data: bytes) -> bytes:
        assert self._body is not None
        if body := self._body.feed(data):
            self._visit.has(body)
        if self._body.whole:
            self._visit.end(AnswerEnding.CLEAN)
            return self._body.rest
        return b""

    def _closed(self) -> None:
        if self._body is not None and self._body.until_close:
            self._visit.end(AnswerEnding.CLEAN)
        else:
            self._visit.end(AnswerEnding.TRUNCATED, "" if self._visit.status else "no head")
