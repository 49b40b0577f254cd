"""The composition root: settings in, an app out, with everything it stands on.

    lifespan.startup  ─▶ ledger writer ─▶ house ─▶ traces     tasks of the lifespan's nursery
    lifespan.shutdown ─▶ house ─▶ traces ─▶ ledger writer     closed in this order

A ledger writer or house that is lost while the proxy serves is told by `app.lose`:
readiness says 503 and the process ends with status 1.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import time
from collections.abc import Callable
from typing import Protocol

import trio

from trioproxy import __version__
from trioproxy.app.proxy import ProxyApp, State
from trioproxy.desk import Desk, ReuseDesk, RoutingDesk
from trioproxy.house import House
from trioproxy.rules.cache_state import CacheTable
from trioproxy.rules.disconnect import Terms, terms
from trioproxy.rules.lifecycle import Phase
from trioproxy.settings import Settings, TimeoutSettings
from trioproxy.sources.upstream import Upstream
from trioproxy.store import open_ledger
from trioproxy.store.prices import PriceBook
from trioproxy.store.recordings import Recordings
from trioproxy.trace.traces import Traces

log = logging.getLogger("trioproxy")

# How long the last rows may take; less than Hypercorn's shutdown_timeout, so that the deadlines nest.
CLOSING_S = 20.0
# How long the writer waits for those that are being cancelled to hand in their last rows.
STRAGGLERS_S = 5.0
WRITER, HOUSE = "the ledger's writer", "the house"


class Service(Protocol):
    """A task that reports started once it is ready, and returns once it has been closed."""

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Serve until closed."""
        ...


def limits(timeouts: TimeoutSettings) -> dict[Phase, float]:
    """The longest each phase may take without progress, in seconds."""
    return {
        Phase.CONNECTING: timeouts.connect,
        Phase.SENDING: timeouts.write,
        Phase.WAITING: timeouts.first_byte,
        Phase.STREAMING: timeouts.read,
        Phase.BLOCKED: math.inf,
        Phase.ENDED: math.inf,
    }


def _terms(settings: Settings) -> dict[str, Terms]:
    """How long the calls of each provider outlive their last client."""
    return {
        name: terms(settings.disconnect, provider.on_disconnect, max_bytes=settings.replay.max_body_bytes)
        for name, provider in settings.providers.items()
    }


def _reuse(settings: Settings) -> ReuseDesk | None:
    replay = settings.replay
    if not replay.enabled:
        return None
    recordings = Recordings(max_entries=replay.max_entries, max_total_bytes=replay.max_total_bytes)
    return ReuseDesk(replay, recordings, os.urandom(32))


def _routing(settings: Settings) -> RoutingDesk | None:
    if not (settings.routing.enabled or settings.routing.prompt_caching):
        return None
    return RoutingDesk(settings.routing, CacheTable(), os.urandom(32))


def compose(settings: Settings, *, on_lost: Callable[[], None], owner: str | None = None) -> ProxyApp:
    """Build the app; nothing is opened before its lifespan starts.

    Args:
        on_lost: called if the ledger's writer or the house ends while it is needed; should end the process.
        owner: marks this process's rows in the ledger; unique for all time.
    """
    prices = PriceBook()
    house, upstream = House(), Upstream()
    ledger = open_ledger(settings.ledger.url, owner=owner, durability=settings.ledger.durability, price=prices.price)
    traces = (
        Traces(settings.trace, {"trioproxy": __version__, "trio": trio.__version__}) if settings.trace.enabled else None
    )
    desk = Desk(
        providers=settings.providers,
        terms=_terms(settings),
        limits_s=limits(settings.timeouts),
        max_request_bytes=settings.server.max_request_bytes,
        preview_chars=settings.ledger.prompt_preview,
        source=upstream,
        ledger=ledger,
        house=house,
        clock=time.time,
        reuse=_reuse(settings),
        routing=_routing(settings),
        traces=traces,
    )
    app = ProxyApp(desk, request_silence_s=settings.server.request_silence, on_lost=on_lost)
    ended = {WRITER: trio.Event(), HOUSE: trio.Event()}
    # Shields the writer from a cancellation until the others have ended.
    last = trio.CancelScope(shield=True)  # noqa: TID251 - whatever is cancelled, rows come last

    @app.before_serving
    async def open_all() -> None:
        await app.nursery.start(_supervise, app, WRITER, ledger, ended, last)
        app.nursery.start_soon(_let_the_writer_go, app, ended, last)
        await app.nursery.start(_supervise, app, HOUSE, house, ended)
        if traces is not None:
            await app.nursery.start(traces.run)
        # Half a second of imports: here, or the first call's row would wait for it.
        await trio.to_thread.run_sync(prices.warm_up)
        app.open()

    @app.after_serving
    async def close_all() -> None:
        app.drain()
        with trio.move_on_after(CLOSING_S):  # noqa: TID251 - nested in Hypercorn's shutdown_timeout
            house.close()
            await ended[HOUSE].wait()
            if traces is not None:
                traces.close()  # not after the rows: a ledger that takes long must not cost the traces
            ledger.close()
            await ended[WRITER].wait()
            if traces is not None:
                await traces.ended.wait()
            await upstream.aclose()

    return app


async def _supervise(
    app: ProxyApp,
    name: str,
    service: Service,
    ended: dict[str, trio.Event],
    scope: contextlib.AbstractContextManager[object] | None = None,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run `service`; should it end before the app closes, say so and let the process end."""
    started = _Started(task_status)
    try:
        with scope or contextlib.nullcontext():
            await service.run(task_status=started)
    except Exception:
        if not started.yet:
            raise  # the start fails, with this as its reason
        log.critical("%s is lost", name, exc_info=True)
        app.lose()
    else:
        if app.state is State.SERVING:
            log.critical("%s ended while it was needed", name)
            app.lose()
    finally:
        ended[name].set()


async def _let_the_writer_go(app: ProxyApp, ended: dict[str, trio.Event], last: trio.CancelScope) -> None:  # noqa: TID251
    """When everything is cancelled at once, let the cancellation reach the writer last."""
    try:
        await ended[WRITER].wait()
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + STRAGGLERS_S):  # noqa: TID251 - see above
            if not ended[WRITER].is_set():
                await ended[HOUSE].wait()
                await app.wait_idle()
        last.shield = False


class _Started:
    """A task status that remembers."""

    def __init__(self, task_status: trio.TaskStatus[None]) -> None:
        self._task_status = task_status
        self.yet = False

    def started(self, value: None = None) -> None:
        self.yet = True
        self._task_status.started(value)
