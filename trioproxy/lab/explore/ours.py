"""The real proxy as a subject: the app, the owner of the delivery, exchange, relay, seats and house that serve."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast

import trio

from trioproxy.app.proxy import ProxyApp
from trioproxy.commission import Commission
from trioproxy.desk import Desk, ReuseDesk, RoutingDesk
from trioproxy.house import House
from trioproxy.lab.explore.subject import Conditions, Footing, Message, Receive, Send, Tell
from trioproxy.lab.explore.watched import watch
from trioproxy.relay import Relay
from trioproxy.rules.cache_state import CacheTable
from trioproxy.rules.disconnect import Terms, terms
from trioproxy.settings import BUILT_IN_PROVIDERS, ReplaySettings
from trioproxy.store.recordings import Recordings

# The house is a task of the subject's own nursery, as it is one of the lifespan's in service.
# ruff: noqa: TID251

_KEY = b"k" * 32
_SILENCE_S = 60.0


class OurProxy:
    """The proxy, without a server and without sockets.

    The app is built once (it is dear to build, and has no memory of its own); all else is new in each run.
    """

    name = "trioproxy"

    def __init__(self) -> None:
        self._app: ProxyApp | None = None
        self._terms: dict[Conditions, Mapping[str, Terms]] = {}

    @asynccontextmanager
    async def serving(self, footing: Footing) -> AsyncIterator[OurServing]:
        """See `Subject.serving`."""
        house = WatchedHouse(footing.tell)
        recordings = _recordings(footing.conditions.replay)
        desk = self._desk(footing, house, recordings)
        if self._app is None:
            self._app = ProxyApp(desk, request_silence_s=_SILENCE_S, on_lost=lambda: None)
        self._app.desk, self._app.requests = desk, 0
        async with trio.open_nursery() as nursery:
            opened = _Opened()
            nursery.start_soon(partial(house.run, task_status=opened))
            await opened.event.wait()
            yield OurServing(self._app, house, recordings)

    def _desk(self, footing: Footing, house: House, recordings: Recordings) -> Desk:
        conditions = footing.conditions
        replay, routing = conditions.replay, conditions.routing
        return Desk(
            providers=BUILT_IN_PROVIDERS,
            terms=self._terms_of(conditions),
            limits_s=conditions.limits_s,
            max_request_bytes=conditions.max_request_bytes,
            preview_chars=0,
            source=footing.source,
            ledger=footing.ledger,
            house=house,
            clock=footing.clock,
            chance=footing.chance,
            reuse=ReuseDesk(replay, recordings, _KEY) if replay is not None else None,
            routing=RoutingDesk(routing, CacheTable(), _KEY) if routing is not None else None,
        )

    def _terms_of(self, conditions: Conditions) -> Mapping[str, Terms]:
        found = self._terms.get(conditions)
        if found is None:
            max_bytes = (conditions.replay or ReplaySettings()).max_body_bytes
            found = self._terms[conditions] = {
                name: terms(conditions.disconnect, each.on_disconnect, max_bytes=max_bytes)
                for name, each in BUILT_IN_PROVIDERS.items()
            }
        return found


class _Opened:
    """Tells when the house is open, for less than `nursery.start`, which takes a nursery of its own each time."""

    def __init__(self) -> None:
        self.event = trio.Event()

    def started(self, value: None = None) -> None:
        self.event.set()


def _recordings(replay: ReplaySettings | None) -> Recordings:
    if replay is None:
        return Recordings(max_entries=1, max_total_bytes=0)
    return Recordings(max_entries=replay.max_entries, max_total_bytes=replay.max_total_bytes)


class WatchedHouse(House):
    """A house that remembers who has lived in it."""

    def __init__(self, tell: Tell | None) -> None:
        super().__init__()
        self.relays: list[Relay] = []
        self._tell = tell

    def start(self, commission: Commission) -> Relay:
        """See `House.start`."""
        relay = super().start(commission)
        if self._tell is not None:
            watch(relay, len(self.relays), self._tell)
        self.relays.append(relay)
        return relay


class OurServing:
    """The proxy in one run."""

    def __init__(self, app: ProxyApp, house: WatchedHouse, recordings: Recordings) -> None:
        self.house = house
        self.recordings = recordings
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """See `Serving`."""
        await self._app(cast(Any, scope), cast(Any, receive), cast(Any, send))

    def close(self, grace_s: float) -> None:
        """See `Serving.close`."""
        self.house.close(grace_s)

    def kept(self) -> Sequence[bytes]:
        """See `Serving.kept`."""
        return [recording.body for recording in self.recordings]

    def left_over(self) -> Sequence[str]:
        """See `Serving.left_over`."""
        house, recordings = self.house, self.recordings
        kept_bytes = sum(recording.size_bytes for recording in recordings)
        held = {
            f"{self._app.requests} requests counted as in flight": self._app.requests,
            "a call counted as living on without a client": house.detached,
            "a relay in the table of live twins": house._by_fingerprint,
            "a recording counted as being given": recordings._lent,
            f"{recordings.total_bytes - kept_bytes} bytes of tapes": recordings.total_bytes - kept_bytes,
            "a seat at a relay": [relay for relay in house.relays if relay.seating.count],
            "an open tape": [
                relay for relay in house.relays if (tape := relay.seating._tape) is not None and tape.whole
            ],
            "a relay that does not know that it has ended": [relay for relay in house.relays if not relay.closing],
        }
        return [words for words, held_by in held.items() if held_by]
