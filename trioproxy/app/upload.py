"""A request's body on its way from the client: read whole, or passed on piece by piece.

    receive() ─▶ put ─▶ memory channel ─▶ whole() or stream() ─▶ upstream

The channel is short: who does not take the pieces slows the client down. Only
the client's silence has a limit, never the length of the upload.
"""

from __future__ import annotations

import trio

from trioproxy.errors import ClientError, RequestTimeout, RequestTooLarge

# What a body that has been read whole leaves behind, for a stream that may last an hour: nothing of its own.
_SPENT = trio.open_memory_channel[bytes](0)
for _end in _SPENT:
    _end.close()


class BodyUpload:
    """The body of one request (exchange.py, `Upload`)."""

    __slots__ = ("_broken", "_complete", "_receive", "_send", "_silence_s")

    def __init__(self, silence_s: float) -> None:
        self._silence_s = silence_s
        self._send, self._receive = trio.open_memory_channel[bytes](1)
        self._complete = False
        self._broken = False

    async def put(self, piece: bytes, more: bool) -> None:
        """Take a piece from the server; it is dropped if nobody wants the body any more."""
        if self._broken:
            return
        if piece:
            try:
                await self._send.send(piece)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return
        if not more:
            self._complete = True
            self._send.close()

    def fail(self) -> None:
        """Its framing is broken: the rest cannot come."""
        self._broken = True
        self._send.close()

    def discard(self) -> None:
        """Nobody wants the rest: let it come and drop it."""
        self._receive.close()

    async def whole(self, limit_bytes: int) -> bytes:
        """All of it.

        Raises:
            RequestTooLarge: it has more than `limit_bytes`.
            RequestTimeout: the client fell silent.
            ClientError: its framing is broken.
        """
        pieces: list[bytes] = []
        size_bytes = 0
        while (piece := await self._next()) is not None:
            size_bytes += len(piece)
            if size_bytes > limit_bytes:
                raise RequestTooLarge(f"the request body has more than the {limit_bytes} bytes that are allowed")
            pieces.append(piece)
        self._send, self._receive = _SPENT
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def stream(self) -> Pieces | None:
        """The body piece by piece, or None if there is none.

        Raises:
            RequestTimeout: the client fell silent before the first piece (or the end).
            ClientError: its framing is broken.
        """
        first = await self._next()
        return Pieces(self, first) if first is not None else None

    async def _next(self) -> bytes | None:
        """The next piece, None at the end."""
        if self._complete:
            # All of it is here already: no silence to measure, and no scope to pay for.
            try:
                return self._receive.receive_nowait()
            except trio.EndOfChannel:
                return None
        with trio.move_on_after(self._silence_s):  # noqa: TID251 - the client's silence is measured here alone
            try:
                return await self._receive.receive()
            except trio.EndOfChannel:
                if self._broken:
                    raise ClientError("the framing of the request body is broken") from None
                return None
        raise RequestTimeout(f"no bytes of the request body came for {self._silence_s:g} s")


class Pieces:
    """An upload as an async iterator that can be read once."""

    def __init__(self, upload: BodyUpload, first: bytes) -> None:
        self._upload = upload
        self._first: bytes | None = first

    def __aiter__(self) -> Pieces:
        return self

    async def __anext__(self) -> bytes:
        """The next piece. Raises RequestTimeout if the client falls silent, ClientError if the framing is broken."""
        piece, self._first = self._first, None
        if piece is None:
            piece = await self._upload._next()
        if piece is None:
            raise StopAsyncIteration
        return piece
