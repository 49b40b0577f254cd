"""Whoever takes what a seat gives."""

from __future__ import annotations

import trio

from trioproxy.errors import TrioProxyError
from trioproxy.model import Head
from trioproxy.rules.lifecycle import Cause
from trioproxy.seat import Seat


class Reader:
    """Takes what a seat gives, until it ends; in its own task."""

    seat: Seat

    def __init__(self) -> None:
        self.pause_s = 0.0
        self.head: Head | None = None
        self.chunks: list[bytes] = []
        self.failure: TrioProxyError | None = None
        self.whole = False
        self.may_read = trio.Event()
        self.done = trio.Event()
        self.presence = trio.CancelScope()

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    async def read(self) -> None:
        try:
            with self.presence:
                self.head = await self.seat.head()
                await self.may_read.wait()
                while chunk := await self.seat.receive():
                    self.chunks.append(chunk)
                    if self.pause_s:
                        await trio.sleep(self.pause_s)
                self.whole = True
        except TrioProxyError as error:
            self.failure = error
        finally:
            self.done.set()

    def leave(self, cause: Cause = Cause.CLIENT_LEFT) -> None:
        """Give the seat up and read no more, as a delivery does."""
        self.seat.leave(cause)
        self.presence.cancel()
