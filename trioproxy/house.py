"""The nursery the relays live in, and the table by which a request finds a live twin.

A task of the lifespan's nursery, so that it is there under any Hypercorn. No relay
ever raises into it: one error here would end everybody's streams.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable

import trio

from trioproxy.commission import Commission
from trioproxy.errors import Draining
from trioproxy.relay import Relay


class House:
    """The nursery the relays live in."""

    def __init__(self) -> None:
        self._nursery: trio.Nursery | None = None
        self._closing = trio.Event()
        # Set when `run` has ended: nobody lives here any more.
        self.vacated = trio.Event()
        # The ids of the calls that live on without a client.
        self.detached: set[str] = set()
        self._by_fingerprint: dict[bytes, list[Relay]] = {}

    @property
    def open(self) -> bool:
        """Relays can be started: it runs, and has not been closed."""
        return self._nursery is not None and not self._closing.is_set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the nursery open until `close`, then until its relays have ended."""
        try:
            async with trio.open_nursery() as self._nursery:
                task_status.started()
                await self._closing.wait()
        finally:
            self._nursery = None
            self.vacated.set()

    def close(self, grace_s: float = 0.0) -> None:
        """Take no new relays; end those that still live after `grace_s` seconds as `shutdown`."""
        self._closing.set()
        if self._nursery is not None:
            self._nursery.cancel_scope.deadline = trio.current_time() + grace_s

    def admit(self) -> None:
        """Say whether `start` would take a relay now; true until the next checkpoint.

        Raises:
            Draining: the house is not open, or not any more.
        """
        if not self.open:
            raise Draining("the proxy is shutting down and takes no new requests")

    def start(self, commission: Commission) -> Relay:
        """Start a relay; from here on it is settled, whatever happens.

        Raises:
            Draining: the house is not open, or not any more.
        """
        self.admit()
        assert self._nursery is not None
        relay = Relay(commission, self.detached)
        # In an empty context: a copy of the caller's would keep its request alive as long as the stream.
        fingerprint, context = commission.fingerprint, contextvars.Context()
        if fingerprint is None:
            context.run(self._nursery.start_soon, relay.run)
        else:
            self._by_fingerprint.setdefault(fingerprint, []).append(relay)
            context.run(self._nursery.start_soon, self._host, relay, fingerprint)
        return relay

    def twin(self, fingerprint: bytes, may_join: Callable[[int], bool]) -> Relay | None:
        """The oldest live relay of the same request at which one more client may sit, given how many do; or None."""
        for relay in self._by_fingerprint.get(fingerprint, ()):
            if relay.joinable and may_join(relay.seating.count):
                return relay
        return None

    async def _host(self, relay: Relay, fingerprint: bytes) -> None:
        """The life of a relay that others may find."""
        try:
            await relay.run()
        finally:  # in the same step as its settling: who asks now finds its answer recorded, or nothing
            twins = self._by_fingerprint[fingerprint]
            twins.remove(relay)
            if not twins:
                del self._by_fingerprint[fingerprint]
