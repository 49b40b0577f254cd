"""Connections that wait for their next exchange: last in, first out, per origin.

There is no limit on connections in use, and nothing ever waits here. What is
bounded is how many lie idle and for how long; that is looked at whenever one
comes back, which costs a glance at the oldest of each origin.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, Protocol, TypeVar

import trio

from trioproxy.sources.dialing import Origin

IDLE_LIMIT = 100  # per origin
IDLE_EXPIRY_S = 60.0  # less than common servers wait (nginx 75 s): rather ours closes than theirs


class Reusable(Protocol):
    """What can lie idle."""

    def dropped(self) -> bool:
        """The peer has closed it, or has spoken unasked: it is of no more use."""
        ...

    def close(self) -> None:
        """Close at once, synchronously."""
        ...


Idle = TypeVar("Idle", bound=Reusable)


class IdleConnections(Generic[Idle]):
    """The idle connections of one transport."""

    def __init__(self) -> None:
        self._shelves: dict[Origin, deque[tuple[float, Idle]]] = {}
        self._closed = False

    def take(self, origin: Origin) -> Idle | None:
        """The connection to `origin` that was put back last and still stands, or None."""
        shelf = self._shelves.get(origin)
        oldest = trio.current_time() - IDLE_EXPIRY_S
        while shelf:
            since, connection = shelf.pop()
            if since >= oldest and not connection.dropped():
                return connection
            connection.close()
        return None

    def put(self, origin: Origin, connection: Idle) -> None:
        """Keep `connection` for the next exchange with `origin`."""
        if self._closed:
            connection.close()
            return
        now = trio.current_time()
        self._shelves.setdefault(origin, deque()).append((now, connection))
        for shelf in self._shelves.values():
            while shelf and (shelf[0][0] < now - IDLE_EXPIRY_S or len(shelf) > IDLE_LIMIT):
                shelf.popleft()[1].close()

    def close(self) -> None:
        """Close what lies here, and from now on whatever is put back."""
        self._closed = True
        for shelf in self._shelves.values():
            while shelf:
                shelf.pop()[1].close()

    def __len__(self) -> int:
        return sum(map(len, self._shelves.values()))
