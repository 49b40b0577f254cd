"""The whole app on a stage: `support/visits.py` has its clients.

    proxy = Proxy(script)
    visit = Visit(body=b"{}")
    await proxy.open(visit)            # everything is checked that holds of every request

The app, the owner of the delivery, the exchange, the relay and the house are the real ones;
the upstream is a script, the ledger keeps its rows in memory, the clock is virtual.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import trio

from support.ledger import MemoryLedger
from support.visits import Visit
from trioproxy.app.proxy import ProxyApp
from trioproxy.desk import Desk, ReuseDesk, RoutingDesk
from trioproxy.house import House
from trioproxy.lab.source import Choice, ScriptedSource
from trioproxy.model import CallReceipt, ExchangeReceipt, ServedBy
from trioproxy.rules.cache_state import CacheTable
from trioproxy.rules.disconnect import terms
from trioproxy.rules.lifecycle import Phase
from trioproxy.settings import BUILT_IN_PROVIDERS, DisconnectSettings, ReplaySettings, RoutingSettings
from trioproxy.sources.base import Source
from trioproxy.store.recordings import Recordings

# Virtual.
PATIENCE_S = 100_000.0
EPOCH = 1_767_225_600.0


class Proxy:
    """The app on the stage."""

    _app: ProxyApp | None = None

    def __init__(
        self,
        scripts: Choice,
        *,
        source: Callable[[ScriptedSource], Source] | None = None,
        limits_s: Mapping[Phase, float] | None = None,
        max_request_bytes: int = 1_000_000,
        preview_chars: int = 0,
        silence_s: float = 60.0,
        ledger: MemoryLedger | None = None,
        disconnect: Mapping[str, Any] | None = None,
        replay: Mapping[str, Any] | None = None,
        routing: Mapping[str, Any] | None = None,
        include_usage: bool = False,
    ) -> None:
        """`disconnect`, `replay` and `routing`: keys of those sections. The latter two are off where they are None."""
        self.scripted = ScriptedSource(scripts)
        self.ledger = ledger or MemoryLedger()
        self.house = House()
        reuse = ReplaySettings(**replay) if replay is not None else None
        self.recordings = Recordings(max_entries=500, max_total_bytes=1 << 26)
        if reuse is not None:
            self.recordings = Recordings(max_entries=reuse.max_entries, max_total_bytes=reuse.max_total_bytes)
        max_bytes = (reuse or ReplaySettings()).max_body_bytes
        providers = {
            name: provider.model_copy(update={"include_usage": include_usage})
            for name, provider in BUILT_IN_PROVIDERS.items()
        }
        policies = DisconnectSettings(**(disconnect or {}))
        self.caches = CacheTable()
        desk = Desk(
            providers=providers,
            terms={name: terms(policies, each.on_disconnect, max_bytes=max_bytes) for name, each in providers.items()},
            reuse=ReuseDesk(reuse, self.recordings, b"k" * 32) if reuse is not None else None,
            routing=RoutingDesk(RoutingSettings(**routing), self.caches, b"k" * 32) if routing is not None else None,
            limits_s=limits_s or {},
            max_request_bytes=max_request_bytes,
            preview_chars=preview_chars,
            source=source(self.scripted) if source is not None else self.scripted,
            ledger=self.ledger,
            house=self.house,
            clock=lambda: EPOCH + trio.current_time(),
        )
        if Proxy._app is None:  # dear to build, and without a memory of its own
            Proxy._app = ProxyApp(desk, request_silence_s=silence_s, on_lost=lambda: None)
        self.app = Proxy._app
        self.app.desk = desk
        self.app.request_silence_s = silence_s

    async def open(self, *visits: Visit, acts: Sequence[Callable[[], Awaitable[None]]] = ()) -> None:
        """Open the house, serve `visits` while `acts` happen, close, and check the books."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self.house.run)
            async with trio.open_nursery() as serving:
                for visit in visits:
                    serving.start_soon(visit.run, self.app)
                for act in acts:
                    serving.start_soon(act)
            nursery.cancel_scope.deadline = trio.current_time() + PATIENCE_S
            self.house.close(math.inf)
        assert not nursery.cancel_scope.cancelled_caught, "a relay was left behind"
        self.check()

    def check(self) -> None:
        """What holds whatever happens."""
        assert self.app.requests == 0
        assert not self.scripted.open_calls
        ledger = self.ledger
        for ids in ([row.opening.id for row in ledger.calls], [row.opening.id for row in ledger.exchanges]):
            assert len(ids) == len(set(ids))  # nothing is settled twice
        # Whatever was opened is settled, and no call is settled that was not.
        assert {row.call.id for row in ledger.opened} == {row.opening.id for row in ledger.calls}
        assert {row.exchange.id for row in ledger.opened} <= {row.opening.id for row in ledger.exchanges}
        calls = {row.opening.id: row for row in ledger.calls}
        for exchange in ledger.exchanges:
            if exchange.call_id is not None:
                opened_by = calls[exchange.call_id].opening.exchange_id
                shared = exchange.served_by in (ServedBy.JOINED, ServedBy.REPLAYED)
                assert (opened_by == exchange.opening.id) is not shared or exchange.served_by is ServedBy.PROXY
        assert not self.house.detached
        assert not self.house._by_fingerprint
        assert self.recordings.total_bytes == sum(each.size_bytes for each in self.recordings)  # no tape is left

    @property
    def rows(self) -> tuple[ExchangeReceipt, CallReceipt | None]:
        """The one exchange there was, and its call."""
        [exchange] = self.ledger.exchanges
        [call] = self.ledger.calls or [None]
        return exchange, call
