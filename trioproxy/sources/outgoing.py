"""A request on its way out: its head as given, its body in the form the wire wants.

The caller's raw headers go out verbatim and in order. Only where they leave the
end of the body open is a line added: `content-length` for a whole body,
`transfer-encoding: chunked` for a stream of unknown length (RFC 9112, 6.3). A body
that is not as long as its head says is refused: what is missing or left over
would be read as part of the next request on that connection. Pure.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterator

from trioproxy.errors import ClientError
from trioproxy.model import RawHeaders

PIECE_BYTES = 65536  # what is sent at once; each piece that went out is progress

Content = bytes | AsyncIterable[bytes] | None


class Outgoing:
    """One request; it is spent by sending it.

    Attributes:
        headers: as they go out.
        content: the body, until `forget` lets go of it.
        keep_alive: the request does not ask for the connection's end.

    Raises (when made):
        ClientError: the head contradicts itself or the body.
    """

    __slots__ = ("_chunked", "_owed", "content", "headers", "keep_alive", "method", "target")

    def __init__(self, method: str, target: bytes, headers: RawHeaders, content: Content) -> None:
        if method == "CONNECT":
            raise ClientError("CONNECT asks for a tunnel; there is none")
        self.method = method
        self.target = target
        self.headers = headers
        self.content = content
        codings, lengths = _values(headers, b"transfer-encoding"), set(_values(headers, b"content-length"))
        self.keep_alive = not any(b"close" in value.lower() for value in _values(headers, b"connection"))
        if len(codings) + len(lengths) > 1:
            raise ClientError("the request's framing headers contradict each other")
        whole = content if isinstance(content, bytes) else b""
        streams = content is not None and not isinstance(content, bytes)
        self._chunked = bool(codings) or (streams and not lengths)
        self._owed: int | None = None  # bytes that a stream still has to bring
        if lengths:
            length = _number(*lengths)
            if streams:
                self._owed = length
            elif length != len(whole):
                raise ClientError("the body is not as long as its content-length")
        elif not codings and streams:
            self.headers = (*headers, (b"transfer-encoding", b"chunked"))
        elif not codings and whole:
            self.headers = (*headers, (b"content-length", b"%d" % len(whole)))

    def compact(self) -> bytes | None:
        """The body, if it is so small that it goes out in one piece with the head."""
        if self.content is None and not self._chunked:
            return b""
        if isinstance(self.content, bytes) and len(self.content) <= PIECE_BYTES and not self._chunked:
            return self.content
        return None

    def frame(self, chunk: bytes) -> Iterator[bytes | memoryview]:
        """The next `chunk` of the body, in pieces as they go out.

        Raises:
            ClientError: it is more than `content-length` allows.
        """
        if self._owed is not None:
            self._owed -= len(chunk)
            if self._owed < 0:
                raise ClientError("the body is longer than its content-length")
        view = memoryview(chunk)
        for at in range(0, len(chunk), PIECE_BYTES):
            piece = view[at : at + PIECE_BYTES]
            yield b"".join((b"%x\r\n" % len(piece), piece, b"\r\n")) if self._chunked else piece

    def end(self) -> bytes:
        """What goes out after the last chunk of the body.

        Raises:
            ClientError: the body is shorter than `content-length` says.
        """
        if self._chunked:
            return b"0\r\n\r\n"
        if self._owed:
            raise ClientError("the body is shorter than its content-length")
        return b""

    def forget(self) -> None:
        """Let go of the body: it was sent, or will not be."""
        self.content = None


def _values(headers: RawHeaders, name: bytes) -> list[bytes]:
    return [value.strip() for key, value in headers if key.lower() == name]


def _number(length: bytes) -> int:
    if not length.isdigit() or len(length) > 18:
        raise ClientError("content-length is not a number")
    return int(length)
