"""A client of any protocol, as the trials need one: ask, go as far as a phase, leave, see what comes after."""

# A wait for somebody else's program has a limit.

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol as Shape
from typing import Self

import trio

from trioproxy.lab.client import AnswerEnding, LabClient, Leaving
from trioproxy.lab.measures import Saw
from trioproxy.lab.script import Ask, Going


@dataclass(slots=True)
class Sight:
    """What a client has seen so far."""

    status: int | None = None
    content_encoding: str | None = None
    body: bytearray = field(default_factory=bytearray, repr=False)
    # When the head, and each piece of the body, had come: `time.monotonic()`, and the piece's size.
    head_at: float | None = None
    pieces: list[tuple[float, int]] = field(default_factory=list, repr=False)
    # How it ended, and when; None while it goes on.
    ending: Saw | None = None
    ended_at: float | None = None


class Guest(Shape):
    """One client with one request."""

    sight: Sight

    async def send(self, ask: Ask, *, half: bool = False) -> None:
        """Send a request; of its body only the first half, if so."""
        ...

    async def head(self) -> None:
        """Read until the head is there, or the answer has ended without one."""
        ...

    async def some(self) -> None:
        """Read until there is more of the body, or it has ended."""
        ...

    async def rest(self) -> None:
        """Read until the answer has ended."""
        ...

    async def leave(self, how: Going) -> float:
        """Go; when that was (`time.monotonic()`)."""
        ...

    def close(self) -> None:
        """Let go of everything, at once."""
        ...


_SAW = {AnswerEnding.CLEAN: Saw.CLEAN_END, AnswerEnding.TRUNCATED: Saw.TRUNCATION, AnswerEnding.RESET: Saw.RESET}
_LEAVING = {
    Going.FIN: Leaving.FIN,
    Going.DROPPED: Leaving.FIN,
    Going.RST: Leaving.RST,
    Going.HALF_CLOSE: Leaving.HALF_CLOSE,
}


class H1Guest:
    """A guest that speaks HTTP/1.1."""

    def __init__(self, client: LabClient) -> None:
        self.sight = Sight()
        self._client = client

    @classmethod
    async def arrive(cls, port: int) -> Self:
        """Connect.

        Raises:
            OSError: nobody is there.
        """
        return cls(await LabClient.connect(f"http://127.0.0.1:{port}"))

    async def send(self, ask: Ask, *, half: bool = False) -> None:
        """See Guest.send."""
        await self._client.send(ask.method, ask.path, ask.headers, ask.body)

    async def head(self) -> None:
        """See Guest.head."""
        self.sight.status = await self._client.head()
        if self.sight.status is not None:
            self.sight.head_at = time.monotonic()
            encoding = self._client.header(b"content-encoding")
            self.sight.content_encoding = encoding.decode("latin-1") if encoding else None
        self._look()

    async def some(self) -> None:
        """See Guest.some."""
        if data := await self._client.receive():
            self.sight.body += data
            self.sight.pieces.append((time.monotonic(), len(data)))
        self._look()

    async def rest(self) -> None:
        """See Guest.rest."""
        if self.sight.status is None and self.sight.ending is None:
            await self.head()
        while self.sight.ending is None:
            await self.some()

    async def leave(self, how: Going) -> float:
        """See Guest.leave."""
        await trio.lowlevel.checkpoint()
        return self._client.leave(_LEAVING[how])

    def close(self) -> None:
        """See Guest.close."""
        self._client.leave()

    def _look(self) -> None:
        if self._client.ending is not None and self.sight.ending is None:
            self.sight.ending = _SAW[self._client.ending]
            self.sight.ended_at = time.monotonic()
