"""Requests to the whole app without a server: ASGI's receive and send are a scripted client's.

    proxy = Proxy(script)
    visit = Visit(body=b"{}")
    await proxy.open(visit)            # everything is checked that holds of every request

The app, the owner of the delivery, the exchange, the relay and the house are the real ones;
the upstream is a script, the ledger keeps its rows in memory, the clock is virtual.
"""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import trio

from support.ledger import MemoryLedger
from trioproxy.app.hypercorn_fixes import ClientStalled
from trioproxy.app.proxy import ProxyApp
from trioproxy.desk import Desk, ReuseDesk, RoutingDesk
from trioproxy.house import House
from trioproxy.lab.source import Choice, ScriptedSource
from trioproxy.model import CallReceipt, ExchangeReceipt, RawHeaders, ServedBy
from trioproxy.rules.cache_state import CacheTable
from trioproxy.rules.disconnect import terms
from trioproxy.rules.lifecycle import Phase
from trioproxy.settings import BUILT_IN_PROVIDERS, DisconnectSettings, ReplaySettings, RoutingSettings
from trioproxy.sources.base import Source
from trioproxy.store.recordings import Recordings

# Virtual.
PATIENCE_S = 100_000.0
EPOCH = 1_767_225_600.0


class Visit:
    """One client request, and what its client saw.

    Args:
        body: bytes, or pieces, each with the seconds before it.
        owes: the body's end never comes.
        reads: False for a client that takes the head and then no byte, until `read_on`.
    """

    def __init__(
        self,
        path: str = "/v1/messages",
        body: bytes | Sequence[tuple[float, bytes]] = b"{}",
        *,
        method: str = "POST",
        query: bytes = b"",
        headers: RawHeaders = (),
        owes: bool = False,
        reads: bool = True,
    ) -> None:
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode("latin-1"),
            "query_string": query,
            "root_path": "",
            "headers": list(headers),
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8082),
            "extensions": {},
        }
        self.messages: list[dict[str, Any]] = []
        self.was_finished = trio.Event()
        self.error: BaseException | None = None
        # Cancels the request from outside, as a server does that stops.
        self.server_scope = trio.CancelScope()
        # Hypercorn says "disconnect" before its last send has returned.
        self.hangs_up = True
        # What the next `send` of body bytes raises.
        self.send_fault: Exception | None = None
        self._pieces = [(0.0, body)] if isinstance(body, bytes) else list(body)
        self._owes = owes
        self._gone = trio.Event()
        self._stalled = False
        self._unblocked = trio.Event()
        if reads:
            self._unblocked.set()

    def leave(self) -> None:
        """Hang up."""
        self._gone.set()
        self._unblocked.set()

    def stall(self) -> None:
        """Have refused to read for so long that the server gives up; it resets the connection."""
        self._stalled = True
        self._unblocked.set()
        self._gone.set()

    def read_on(self) -> None:
        """Read again."""
        self._unblocked.set()

    # What the client saw.

    @property
    def status(self) -> int | None:
        return self.messages[0]["status"] if self.messages else None

    @property
    def headers(self) -> RawHeaders:
        return tuple(self.messages[0]["headers"]) if self.messages else ()

    def header(self, name: bytes) -> bytes | None:
        return dict(self.headers).get(name)

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.messages[1:])

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def finished(self) -> bool:
        """The response was ended; otherwise the server truncates or resets it."""
        return bool(self.messages) and not self.messages[-1].get("more_body", True)

    async def run(self, app: ProxyApp) -> None:
        """Serve the request; keeps what comes out of it, as the server does, who logs it."""
        try:
            with self.server_scope:
                await app(self.scope, self.receive, self.send)  # type: ignore[arg-type]
        except Exception as error:
            self.error = error

    async def receive(self) -> dict[str, Any]:
        await trio.lowlevel.checkpoint()
        if self._pieces and not self._gone.is_set():
            after_s, piece = self._pieces[0]
            if after_s:
                with trio.move_on_after(after_s):
                    await self._gone.wait()
            if not self._gone.is_set():
                del self._pieces[0]
                return {"type": "http.request", "body": piece, "more_body": bool(self._pieces) or self._owes}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        await trio.lowlevel.checkpoint()
        carries = bool(message.get("body"))
        if carries and not self._unblocked.is_set():
            with trio.CancelScope(shield=True):  # as a write to a socket is
                await self._unblocked.wait()
        if carries and self._stalled:
            raise ClientStalled("the client has stopped reading")
        if carries and self.send_fault is not None:
            raise self.send_fault
        if self._gone.is_set():
            return  # into the void
        self.messages.append(message)
        if self.finished and self.hangs_up:
            self._gone.set()
            await trio.lowlevel.checkpoint()
        if self.finished:
            self.was_finished.set()
            await trio.lowlevel.cancel_shielded_checkpoint()


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


def at(time_s: float, act: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    """`act` at a moment of the virtual clock, which starts at 0."""

    async def wait_and_act() -> None:
        await trio.sleep_until(time_s)
        act()

    return wait_and_act
