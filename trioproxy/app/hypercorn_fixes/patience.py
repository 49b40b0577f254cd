"""How long a write waits for a client that does not read.

Not a limit on how long a write takes: a client that takes its bytes slowly is
served for as long as it takes some. Only when `stalled_client_timeout_s` pass
without progress is it counted as gone, and `ClientStalled` raised. Once the
server shuts down, nobody waits past `graceful_timeout` from that moment.

    blocked write ─▶ Patience.wait ─▶ ready        goes on
                                  └─▶ no progress  ClientStalled
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import cast

import trio
from hypercorn.trio.worker_context import EventWrapper
from hypercorn.typing import WorkerContext


class ClientStalled(Exception):
    """The client refused to read; raised out of the ASGI `send`.

    The connection (HTTP/1.1) is reset, the stream (HTTP/2) is, before this is raised.
    """


class ClientGone(ClientStalled):
    """The client left before the end of its response was written: whoever writes may not think it delivered."""


_stalled_client_timeout_s = 60.0


def set_stalled_client_timeout(seconds: float) -> None:
    """For every wait that begins from now on."""
    global _stalled_client_timeout_s  # Hypercorn builds its objects itself: nothing can be handed in
    _stalled_client_timeout_s = seconds


class Shutdown(EventWrapper):
    """`WorkerContext.terminated` that remembers when it was set and wakes every blocked writer.

    A blocked write is shielded, so the server's own deadline cannot reach it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.since = math.inf
        self.blocked: set[trio.CancelScope] = set()  # noqa: TID251 - see Patience.wait

    async def set(self) -> None:
        """Note when, and end the wait of every blocked writer."""
        await super().set()
        if self.since == math.inf:
            self.since = trio.current_time()
        for scope in self.blocked:
            scope.deadline = -math.inf

    @classmethod
    def of(cls, context: WorkerContext) -> Shutdown:
        """The context's own; the first connection replaces Hypercorn's plain event by it.

        Hypercorn builds the context before the lifespan starts, that is before anything is installed.
        """
        plain = cast(EventWrapper, context.terminated)
        if isinstance(plain, cls):
            return plain
        context.terminated = mended = cls()
        if plain.is_set():
            mended._event.set()
            mended.since = trio.current_time()
        return mended


class Patience:
    """The patience of one connection."""

    def __init__(self, context: WorkerContext, graceful_timeout_s: float) -> None:
        self._shutdown = Shutdown.of(context)
        self._graceful_timeout_s = graceful_timeout_s

    async def wait(
        self,
        ready: Callable[[], Awaitable[object]],
        progressed: Callable[[], bool],
        *,
        shield: bool = False,
        limit_s: float | None = None,
    ) -> None:
        """Wait until `ready()` returns, for as long as the client makes progress.

        `progressed()` tells whether there was any since it was last asked. It is asked only when
        the limit has passed, so a client is given up between one and two limits after its last byte.
        Raises ClientStalled, and whatever `ready` raises. With `shield`, cancellation waits too.
        """
        limit_s = _stalled_client_timeout_s if limit_s is None else limit_s
        quiet_since = trio.current_time()
        shutdown = self._shutdown
        while True:
            deadline = min(quiet_since + limit_s, shutdown.since + self._graceful_timeout_s)
            # Opened only by a write that is blocked: the way of every other byte has no scope at all.
            with trio.CancelScope(deadline=deadline, shield=shield) as scope:  # noqa: TID251
                shutdown.blocked.add(scope)
                try:
                    await ready()
                    return
                finally:
                    shutdown.blocked.discard(scope)
            now = trio.current_time()
            if progressed():
                quiet_since = now
            if now >= min(quiet_since + limit_s, shutdown.since + self._graceful_timeout_s):
                raise ClientStalled("the client has stopped reading")
