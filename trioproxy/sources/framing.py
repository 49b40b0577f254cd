"""Where a response body ends, and what of it is payload (RFC 9112, 6 and 7.1).

A framing is fed what one read from the socket returned and gives back the
payload in it, joined once: one read, one chunk, whatever chunk boundaries the
upstream chose. Its state survives any split of the bytes. Chunk extensions and
trailers are checked, bounded and dropped. Pure: no I/O, no clock.
"""

from __future__ import annotations

import re
from typing import Protocol

from trioproxy.model import RawHeaders

CHUNK_LINE_LIMIT_BYTES = 4096
TRAILERS_LIMIT_BYTES = 65536

# Strict, as 7.1 is: a chunk size that two parties read differently is how requests are smuggled.
# Only blanks before the line's end are tolerated: servers in the wild pad their sizes.
_SIZE = rb"([0-9A-Fa-f]{1,16})[ \t]{0,64}(?:;[^\r\n\0]{0,%d})?\r\n" % (CHUNK_LINE_LIMIT_BYTES - 96)
_FIRST_LINE = re.compile(_SIZE)
_NEXT_LINE = re.compile(rb"\r\n" + _SIZE)  # behind the payload of the chunk before
_TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*")


class FramingError(Exception):
    """The body breaks its own framing, or ended before it said so."""


class Framing(Protocol):
    """How one body is delimited."""

    ended: bool
    surplus: bool  # bytes came after the end: the connection cannot be trusted with another exchange

    def feed(self, data: bytes) -> bytes:
        """The payload in `data`, which may be empty.

        Raises:
            FramingError: `data` cannot go on what came before.
        """
        ...

    def close(self) -> None:
        """The upstream closed the connection.

        Raises:
            FramingError: the body is not whole.
        """
        ...


class Sized:
    """As many bytes as the head said: `content-length`, or none at all."""

    __slots__ = ("_left", "_length", "ended", "surplus")

    def __init__(self, length: int) -> None:
        self._length = self._left = length
        self.ended = length == 0
        self.surplus = False

    def feed(self, data: bytes) -> bytes:
        """See Framing.feed; never raises."""
        left = self._left
        if len(data) > left:
            self.surplus = True
            data = data[:left]
        self._left = left - len(data)
        self.ended = self._left == 0
        return data

    def close(self) -> None:
        """See Framing.close."""
        if not self.ended:
            raise FramingError(f"closed after {self._length - self._left} of {self._length} bytes")


class UntilClose:
    """Everything up to the end of the connection: nobody can tell whether it is whole."""

    __slots__ = ("ended", "surplus")

    def __init__(self) -> None:
        self.ended = False
        self.surplus = False

    def feed(self, data: bytes) -> bytes:
        """See Framing.feed; never raises."""
        return data

    def close(self) -> None:
        """See Framing.close; never raises."""
        self.ended = True


class Chunked:
    """The chunked transfer coding (7.1)."""

    __slots__ = ("_in_trailers", "_left", "_line", "_partial", "_trailers_bytes", "ended", "surplus")

    def __init__(self) -> None:
        self._left = 0  # of the current chunk's payload
        self._line = _FIRST_LINE  # what follows it
        self._partial = b""  # the beginning of a line
        self._in_trailers = False
        self._trailers_bytes = 0
        self.ended = False
        self.surplus = False

    def feed(self, data: bytes) -> bytes:
        """See Framing.feed."""
        left = self._left
        size = len(data)
        if size <= left:  # the inside of one big chunk: nothing to copy
            self._left = left - size
            return data
        if self._partial:
            data = self._partial + data
            size = len(data)
            self._partial = b""
        view = memoryview(data)
        payload: list[memoryview] = []
        at = 0
        while at < size and not self._in_trailers:
            end = at + left
            if end > size:
                payload.append(view[at:])
                left = end - size
                at = size
                break
            if left:
                payload.append(view[at:end])
                at = end
                left = 0
            line = self._line.match(data, at)
            if line is None:
                self._check_partial_line(data[at:])
                break
            at = line.end()
            left = int(line[1], 16)
            self._line = _NEXT_LINE
            self._in_trailers = left == 0
        self._left = left
        if self._in_trailers:
            at = self._feed_trailers(data, at)
        if self.ended:
            self.surplus = at < size
        elif at < size:
            self._partial = data[at:]
        return b"".join(payload)

    def close(self) -> None:
        """See Framing.close."""
        if not self.ended:
            raise FramingError("closed before the last chunk")

    def _check_partial_line(self, data: bytes) -> None:
        """`data` is no size line: can it be the beginning of one?"""
        if self._line is _NEXT_LINE:
            if data[:2] != b"\r\n"[: len(data)]:
                raise FramingError("chunk longer than its size")
            data = data[2:]
        if b"\n" in data or (data and data[0] not in b"0123456789abcdefABCDEF"):
            raise FramingError("bad chunk size")
        if len(data) > CHUNK_LINE_LIMIT_BYTES:
            raise FramingError("chunk-size line too long")

    def _feed_trailers(self, data: bytes, at: int) -> int:
        """Read trailer lines from `at`; return where the first line that is not whole begins."""
        while (end := data.find(b"\r\n", at)) >= 0:
            line = data[at:end]
            self._trailers_bytes += len(line) + 2
            at = end + 2
            if not line:
                self.ended = True
                return at
            if _TRAILER.fullmatch(line) is None:
                raise FramingError("bad trailer")
            if self._trailers_bytes > TRAILERS_LIMIT_BYTES:
                raise FramingError("trailers too long")
        if self._trailers_bytes + len(data) - at > TRAILERS_LIMIT_BYTES:
            raise FramingError("trailers too long")
        return at


def framing_of(method: str, status: int, headers: RawHeaders) -> Framing:
    """How the body of a final response is delimited (RFC 9112, 6.3; numbers are its rules).

    Raises:
        FramingError: the head contradicts itself, or names a transfer coding that
            we have not asked for: its end could be found, its payload not be read.
    """
    if method == "HEAD" or status in {204, 304}:  # 1
        return Sized(0)
    codings = [value.strip().lower() for name, value in headers if name.lower() == b"transfer-encoding"]
    if codings:  # 3, 4
        if codings != [b"chunked"]:
            raise FramingError("unknown transfer coding")
        return Chunked()
    lengths = {
        part.strip() for name, value in headers if name.lower() == b"content-length" for part in value.split(b",")
    }
    if len(lengths) > 1:  # 5
        raise FramingError("conflicting content-length")
    if lengths:  # 6
        length = lengths.pop()
        if not length.isdigit() or len(length) > 18:
            raise FramingError("bad content-length")
        return Sized(int(length))
    return UntilClose()  # 8
