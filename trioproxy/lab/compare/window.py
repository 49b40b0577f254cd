"""An upstream that generates only while somebody takes what it says: a subject stands behind its window.

    script, all at once ─▶ [ a chunk every `every_s`, at most `window_chunks` of them not taken ] ─▶ subject

Scripts fall due whether or not anybody asks, as into a socket without an end. Real sockets have one, and behind a full
one a server waits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace

import trio

from trioproxy.lab.explore.subject import Footing, Serving, Subject
from trioproxy.model import Head, Plan
from trioproxy.sources.base import Answer, Progress, Source


@dataclass(frozen=True, slots=True)
class Windowed:
    """A subject behind such an upstream."""

    inner: Subject
    every_s: float
    window_chunks: int

    @property
    def name(self) -> str:
        """See Subject.name."""
        return self.inner.name

    def serving(self, footing: Footing) -> AbstractAsyncContextManager[Serving]:
        """See Subject.serving."""
        source = WindowedSource(footing.source, self.every_s, self.window_chunks)
        return self.inner.serving(replace(footing, source=source))


@dataclass(frozen=True, slots=True)
class WindowedSource:
    """Implements `sources.base.Source`."""

    inner: Source
    every_s: float
    window_chunks: int

    @asynccontextmanager
    async def open(self, plan: Plan, progress: Progress) -> AsyncIterator[WindowedAnswer]:
        """See Source.open."""
        async with self.inner.open(plan, progress) as answer:
            yield WindowedAnswer(answer, self.every_s, self.window_chunks)


class WindowedAnswer:
    """Implements `sources.base.Answer`."""

    def __init__(self, inner: Answer, every_s: float, window_chunks: int) -> None:
        self._inner = inner
        self._every_s = every_s
        self._window_chunks = window_chunks
        self._due = trio.current_time()
        # When each chunk was taken.
        self._taken: list[float] = []

    @property
    def head(self) -> Head:
        """See Answer.head."""
        return self._inner.head

    async def receive(self) -> bytes:
        """See Answer.receive: the next chunk was begun when the one before was said, and there was room."""
        number = len(self._taken)
        room_at = self._taken[number - self._window_chunks] if number >= self._window_chunks else 0.0
        due = max(self._due, room_at) + self._every_s
        await trio.sleep_until(due)
        self._due = due
        self._taken.append(trio.current_time())
        return await self._inner.receive()
