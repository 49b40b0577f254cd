"""HTTP/1.1 by hand, for scripted peers: messages read bit by bit, answers worded as badly as told.

A library would refuse to send what a script is for. Messages are read strictly
(RFC 9112): what cannot be read is an error of the peer under test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http.client import responses

from trioproxy.lab.script import Framing, Head, Interim, Script
from trioproxy.model import RawHeaders

LAST_CHUNK = b"0\r\n\r\n"
BAD_CHUNK_SIZE = b"zz\r\n"
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?")
# How often a slow reader reads.
SLOW_READS_PER_S = 20
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Malformed(ValueError):
    """What the peer says is not HTTP/1.1. `read`: the bytes of the body before that."""

    read = b""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A request's line and headers; `raw` is every byte up to and with the blank line."""

    raw: bytes
    method: str
    target: str
    headers: RawHeaders

    def header(self, name: bytes) -> bytes | None:
        """The first value of the header `name` (lower case), or None."""
        return first_value(self.headers, name)


def first_value(headers: RawHeaders, name: bytes) -> bytes | None:
    """The first value of the header `name` (lower case), or None."""
    return next((value for key, value in headers if key.lower() == name), None)


def request_head(raw: bytes) -> RequestHead:
    """Read a head that ends with its blank line.

    Raises:
        Malformed: the request line or a header line is none.
    """
    first, *lines = raw.removesuffix(b"\r\n\r\n").split(b"\r\n")
    try:
        method, target, version = first.decode("latin-1").split(" ")
    except ValueError:
        raise Malformed(f"request line {first[:80]!r}") from None
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise Malformed(f"version {version!r}")
    return RequestHead(raw, method, target, _headers(lines))


def answer_head(raw: bytes) -> tuple[int, RawHeaders]:
    """The status and the headers of an answer's head that ends with its blank line.

    Raises:
        Malformed: the status line or a header line is none.
    """
    first, *lines = raw.removesuffix(b"\r\n\r\n").split(b"\r\n")
    found = STATUS_LINE.fullmatch(first)
    if found is None:
        raise Malformed(f"status line {first[:80]!r}")
    return int(found[1]), _headers(lines)


def _headers(lines: list[bytes]) -> RawHeaders:
    headers = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise Malformed(f"header line {line[:80]!r}")
        headers.append((name, value.strip(b" \t")))
    return tuple(headers)


class Body:
    """Takes a body's framing off the bytes as they come; trailers are dropped.

    `feed` returns body bytes; once `whole`, what followed is in `rest`. `until_close` bodies are never whole.

    Raises:
        Malformed: the content-length is none.
    """

    def __init__(self, headers: RawHeaders, *, answer: bool = False) -> None:
        self.rest = b""
        self._waiting = bytearray()
        self._chunked = (first_value(headers, b"transfer-encoding") or b"").lower() == b"chunked"
        length = first_value(headers, b"content-length")
        # Only an answer may go on until its connection ends (RFC 9112, 6.3).
        self.until_close = answer and not self._chunked and length is None
        length = length or b"0"
        if not length.isdigit():
            raise Malformed(f"content-length {length[:40]!r}")
        # Bytes that the body, or the chunk, still owes.
        self._owed = 0 if self._chunked else int(length)
        self._in_chunk = False
        self._trailers = False
        self.whole = not self._chunked and not self._owed and not self.until_close

    def feed(self, data: bytes) -> bytes:
        """The body's bytes in `data`.

        Raises:
            Malformed: the chunk framing is none.
        """
        if self.until_close:
            return data
        self._waiting += data
        body = bytearray()
        try:
            self._take(body)
        except Malformed as error:
            error.read = bytes(body)
            raise
        if self.whole:
            self.rest += bytes(self._waiting)
            self._waiting.clear()
        return bytes(body)

    def _take(self, body: bytearray) -> None:
        """Move what is the body's from what waits to `body`."""
        while not self.whole:
            if self._owed:
                taken = self._waiting[: self._owed]
                if not taken:
                    break
                body += taken
                del self._waiting[: len(taken)]
                self._owed -= len(taken)
                self.whole = not self._owed and not self._chunked
            elif not self._read_line():
                break

    def _read_line(self) -> bool:
        """Read a chunk's size, the end of a chunk, or a trailer; False if its line is not all there."""
        end = self._waiting.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self._waiting[:end])
        del self._waiting[: end + 2]
        if self._trailers:
            self.whole = not line
        elif self._in_chunk:
            if line:
                raise Malformed(f"after a chunk: {line[:40]!r}")
            self._in_chunk = False
        else:
            size = line.partition(b";")[0].rstrip(b" \t")
            if not CHUNK_SIZE.fullmatch(size):
                raise Malformed(f"chunk size {line[:40]!r}")
            self._owed = int(size, 16)
            self._in_chunk, self._trailers = bool(self._owed), not self._owed
        return True


def interim_head(interim: Interim) -> bytes:
    """A 1xx response as it goes over the wire."""
    return _head(interim.status, interim.headers)


def response_head(head: Head, script: Script) -> bytes:
    """The head as it goes over the wire, with what its framing needs."""
    framing: RawHeaders = ()
    match head.framing:
        case Framing.CHUNKED:
            framing = ((b"transfer-encoding", b"chunked"),)
        case Framing.LENGTH:
            framing = ((b"content-length", str(script.content_length(head)).encode()),)
        case Framing.CLOSE:
            framing = ((b"connection", b"close"),)
    return _head(head.status, (*head.headers, *framing))


def chunk(data: bytes, framing: Framing) -> bytes:
    """A piece of a body in its framing."""
    return b"%x\r\n%b\r\n" % (len(data), data) if framing is Framing.CHUNKED else data


def _head(status: int, headers: RawHeaders) -> bytes:
    lines = [
        b"HTTP/1.1 %d %b" % (status, responses.get(status, "").encode()),
        *(name + b": " + value for name, value in headers),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"
