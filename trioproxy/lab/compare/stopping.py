"""A server that stops at a moment, with no grace: a subject stands behind it.

at_s ─▶ close(0), and every request is cancelled from outside
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from trioproxy.lab.explore.subject import Footing, Message, Receive, Send, Serving, Subject

# The server's clock is a task beside its requests.
# ruff: noqa: TID251


@dataclass(frozen=True, slots=True)
class Stopping:
    """A subject whose server stops.

    Args:
        only: the request that is cancelled, by the number of its arrival, as if its connection alone had failed;
            None: all, and the subject is closed.
    """

    inner: Subject
    at_s: float
    only: int | None = None

    @property
    def name(self) -> str:
        """See Subject.name."""
        return self.inner.name

    @asynccontextmanager
    async def serving(self, footing: Footing) -> AsyncIterator[Serving]:
        """See Subject.serving."""
        async with self.inner.serving(footing) as serving, trio.open_nursery() as nursery:
            server = _Server(serving)
            nursery.start_soon(self._stop, server)
            yield server
            nursery.cancel_scope.cancel()

    async def _stop(self, server: _Server) -> None:
        await trio.sleep_until(self.at_s)
        if self.only is None:
            server.close(0.0)
        for scope in server.requests if self.only is None else server.requests[self.only : self.only + 1]:
            scope.cancel()


class _Server:
    def __init__(self, inner: Serving) -> None:
        self.requests: list[trio.CancelScope] = []
        self._inner = inner

    def close(self, grace_s: float) -> None:
        self._inner.close(grace_s)

    def kept(self) -> Sequence[bytes]:
        return self._inner.kept()

    def left_over(self) -> Sequence[str]:
        return self._inner.left_over()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        with trio.CancelScope() as request:
            self.requests.append(request)
            await self._inner(scope, receive, send)
