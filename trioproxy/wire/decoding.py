"""Content codings (RFC 9110, 8.4.1) undone on a copy, piece by piece.

    decoder = decoder_for("gzip", meter.feed)
    decoder.feed(data)  # the meter gets what this gives, in pieces of 64 kB at most

Nothing decoded is held, so it may be of any size. A coding that is broken, or
that unfolds beyond all proportion, is read no further: `failed` says so, and
nothing is raised.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import IO, Protocol, cast

import zstandard

PIECE_BYTES = 1 << 16
# No answer of an API packs this well for long, while a bomb would keep the processor busy for seconds.
_RATIO = 200
_SLACK_BYTES = 1 << 24
# RFC 9659, 3: the zstd content coding needs no larger window.
_ZSTD_WINDOW_BYTES = 1 << 23

Sink = Callable[[bytes], object]


class _Coding(Protocol):
    def write(self, data: bytes, /) -> object:
        """Decode `data`, hand what it gives to the sink; raise `zlib.error` or `zstandard.ZstdError`."""
        ...


class _TooMuchError(Exception):
    """More came out than is allowed."""


class Decoder:
    """Undoes one content coding; made by `decoder_for`."""

    def __init__(self, coding: str, sink: Sink, max_bytes: int | None) -> None:
        self.failed = False
        self._sink = sink
        self._left_bytes = _SLACK_BYTES if max_bytes is None else max_bytes
        self._ratio = _RATIO if max_bytes is None else 0
        self._coding: _Coding = _CODINGS[coding](self)

    def feed(self, data: bytes) -> None:
        """Decode the next bytes into the sink; after a failure, nothing."""
        if self.failed or not data:
            return
        self._left_bytes += self._ratio * len(data)
        try:
            self._coding.write(data)
        except (_TooMuchError, zlib.error, zstandard.ZstdError):
            self.failed = True

    def write(self, piece: bytes) -> int:
        """What the coding calls with each piece."""
        self._left_bytes -= len(piece)
        if self._left_bytes < 0:
            raise _TooMuchError
        self._sink(piece)
        return len(piece)


class _Deflated:
    """gzip (RFC 1952: member after member) and deflate (RFC 1950, or the bare RFC 1951 that some servers send)."""

    def __init__(self, decoder: Decoder, *, gzip: bool) -> None:
        self._decoder = decoder
        self._gzip = gzip
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16) if gzip else None

    def write(self, data: bytes, /) -> None:
        if self._inflate is None:
            # RFC 1950, 2.2: a zlib stream's first byte ends in the bits 1000; a bare stream's practically never does.
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS if data[0] & 0x0F == 8 else -zlib.MAX_WBITS)
        full = False
        # A full piece may have more behind it that needs no further input.
        while data or full:
            if self._inflate.eof:
                if not self._gzip:
                    return
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
            piece = self._inflate.decompress(data, PIECE_BYTES)
            full = len(piece) == PIECE_BYTES and not self._inflate.eof
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            if piece:
                self._decoder.write(piece)


def _gzip(decoder: Decoder) -> _Coding:
    return _Deflated(decoder, gzip=True)


def _deflate(decoder: Decoder) -> _Coding:
    return _Deflated(decoder, gzip=False)


def _zstd(decoder: Decoder) -> _Coding:
    """zstd (RFC 8878), frame after frame."""
    context = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
    return context.stream_writer(cast(IO[bytes], decoder), write_size=PIECE_BYTES, closefd=False)


_CODINGS: dict[str, Callable[[Decoder], _Coding]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
}


def decoder_for(content_encoding: str, sink: Sink, *, max_bytes: int | None = None) -> Decoder | None:
    """A decoder for a `content-encoding` value, or None for a coding (or a list of several) not known here.

    Args:
        sink: called with each decoded piece, at most 64 kB long.
        max_bytes: the most that may come out in all; without it, 16 MiB and 200 times what went in.
    """
    coding = content_encoding.strip().lower()
    return Decoder(coding, sink, max_bytes) if coding in _CODINGS else None


def decoded(body: bytes, content_encoding: str, max_bytes: int) -> bytes | None:
    """The whole of `body` decoded, or None: coding unknown, broken, or more than `max_bytes`."""
    if content_encoding.strip().lower() in ("", "identity"):
        return body if len(body) <= max_bytes else None
    pieces: list[bytes] = []
    decoder = decoder_for(content_encoding, pieces.append, max_bytes=max_bytes)
    if decoder is None:
        return None
    decoder.feed(body)
    return None if decoder.failed else b"".join(pieces)
