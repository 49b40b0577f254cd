"""Where pumps live: in one nursery for all, or each in that of its request.

house     serving's nursery ─▶ pump, pump, …      a request's frame ends with its delivery
request   a request's nursery ─▶ its pump         a request's frame ends when its pump has
"""

# ruff: noqa: TID251 - where tasks live is the axis

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import trio


class Home(Protocol):
    """Where pumps live."""

    def room(self) -> AbstractAsyncContextManager[trio.Nursery]:
        """The nursery for a request's pump; leaving the block waits for it, if it is the request's own."""
        ...

    def close(self, at: float) -> None:
        """Whoever lives there then is cancelled."""
        ...


class House:
    """One nursery for all."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery

    @asynccontextmanager
    async def room(self) -> AsyncIterator[trio.Nursery]:
        """See Home.room."""
        yield self._nursery

    def close(self, at: float) -> None:
        """See Home.close."""
        self._nursery.cancel_scope.deadline = at


class Requests:
    """Each request has its own; a server that stops cancels the requests."""

    def __init__(self) -> None:
        self._nurseries: set[trio.Nursery] = set()

    @asynccontextmanager
    async def room(self) -> AsyncIterator[trio.Nursery]:
        """See Home.room."""
        nurseries = self._nurseries
        nursery: trio.Nursery | None = None
        try:
            async with trio.open_nursery() as nursery:
                nurseries.add(nursery)
                yield nursery
        finally:
            if nursery is not None:
                nurseries.discard(nursery)

    def close(self, at: float) -> None:
        """See Home.close."""
        for nursery in self._nurseries:
            nursery.cancel_scope.deadline = at
