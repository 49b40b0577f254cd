"""Responses whose headers go out as the raw bytes they are, past Quart's `str` round trip.

Handlers return them as they are; `OwnedConnection` sends them. They own nothing:
the connection cleans up whatever happens.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from trioproxy.model import RawHeaders
from trioproxy.seat import Seat


@dataclass(frozen=True, slots=True)
class RawResponse:
    """A head, and a body: whole, or read from a seat."""

    status: int
    headers: RawHeaders
    body: bytes | SeatBody


class SeatBody:
    """The response generator: what a seat receives, until its end mark.

    Iterating raises the seat's TrioProxyError if the body will not be finished.
    """

    __slots__ = ("_seat",)

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._seat.receive()
        if not chunk:
            raise StopAsyncIteration
        return chunk
