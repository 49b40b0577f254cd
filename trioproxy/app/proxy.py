"""The Quart-Trio app: a few pages of our own, and one handler for everything else.

The raw path decides, byte for byte, for every method there is (rules/routes.py):
Werkzeug's routing would decode it, merge its slashes and know better about methods.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import Any

import trio
from quart import current_app, request
from quart.ctx import RequestContext
from quart.sessions import NullSession
from quart_trio import QuartTrio
from quart_trio.asgi import TrioASGIWebsocketConnection

from trioproxy.app.connection import OwnedConnection
from trioproxy.app.responses import RawResponse, SeatBody
from trioproxy.desk import Desk
from trioproxy.errors import ClientError, Draining, OurError, TrioProxyError, UpgradeRequired
from trioproxy.exchange import Exchange
from trioproxy.model import Dialect, RawHeaders
from trioproxy.providers import SPEAKERS
from trioproxy.rules.routes import route
from trioproxy.wire.headers import response_headers

log = logging.getLogger("trioproxy")

RETRY_AFTER_S = 5
# How long the tasks of the lifespan may take to end: more than compose.py's own deadlines, less than Hypercorn's 60.
LIFESPAN_S = 30.0


class State(StrEnum):
    """Where the proxy is in its life, as its readiness page says it."""

    STARTING = "starting"
    SERVING = "ready"
    DRAINING = "draining"
    LOST = "lost"


class RefusedWebSocket(TrioASGIWebsocketConnection):
    """426 at once on provider routes: clients that try WebSocket first (Codex) then fall back to POST."""

    async def __call__(self, receive: Any, send: Any) -> None:
        """Answer by HTTP, without accepting."""
        await receive()
        app: Any = self.app
        desk: Desk = app.desk
        error: ClientError = UpgradeRequired("WebSocket is not spoken here; send the request by POST")
        try:
            place = route(self.scope["raw_path"], desk.providers)
            speaker = SPEAKERS[desk.providers[place.provider].dialect]
        except ClientError as unknown:
            error, speaker = unknown, SPEAKERS[Dialect.OPENAI]
        body = speaker.error_body(error.status, error.code, error.message)
        headers = _own_headers(error.code, len(body))
        if isinstance(error, UpgradeRequired):
            headers = (*headers, (b"upgrade", b"h2c"))  # RFC 9110, 15.5.22: what would be spoken instead
        await send({"type": "websocket.http.response.start", "status": error.status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body, "more_body": False})


class ProxyApp(QuartTrio):
    """The app and what it stands on."""

    asgi_http_class = OwnedConnection
    asgi_websocket_class = RefusedWebSocket

    def __init__(self, desk: Desk, *, request_silence_s: float, on_lost: Callable[[], None]) -> None:
        super().__init__("trioproxy", static_folder=None)
        self.desk = desk
        self.request_silence_s = request_silence_s
        self.state = State.STARTING
        self.requests = 0
        self._on_lost = on_lost
        self._idle = trio.Event()
        self._idle.set()
        self.opened = trio.Event()
        self.config.update(
            # No limit on how long a response takes, or on a body that streams through: ours are elsewhere.
            RESPONSE_TIMEOUT=None,
            BODY_TIMEOUT=None,
            MAX_CONTENT_LENGTH=None,
            BACKGROUND_TASK_SHUTDOWN_TIMEOUT=LIFESPAN_S,
        )

    def lose(self) -> None:
        """A part that nothing works without has ended: readiness says so, and whoever composed us ends the process."""
        self.state = State.LOST
        self._on_lost()

    def open(self) -> None:
        """All that it stands on is there."""
        self.state = State.SERVING
        self.opened.set()

    def log_exception(self, exception_info: Any) -> None:
        """Quart's log of an exception; a start that fails is told by whoever started us, once."""
        if self.state is not State.STARTING:
            super().log_exception(exception_info)

    def drain(self) -> None:
        """Take no new work; what is in flight goes on."""
        if self.state is not State.LOST:
            self.state = State.DRAINING
        self.desk.house.close(math.inf)

    def enter(self) -> None:
        """A request has begun."""
        if not self.requests:
            self._idle = trio.Event()
        self.requests += 1

    def leave(self) -> None:
        """A request has ended, and its exchange is settled."""
        self.requests -= 1
        if not self.requests:
            self._idle.set()

    async def wait_idle(self) -> None:
        """Return when no request is in flight."""
        await self._idle.wait()

    def create_url_adapter(self, request: Any) -> None:
        """None: nothing is routed by Werkzeug."""

    def request_context(self, request: Any) -> RequestContext:
        """Quart's, with no session to be opened: there is none."""
        return RequestContext(self, request, session=NullSession())

    async def full_dispatch_request(self, request_context: RequestContext | None = None) -> Any:
        """Call the handler. There are no hooks, signals or sessions, and responses go out as they are."""
        arrival = _connection().exchange.arrival
        handler = PAGES.get(arrival.raw_path, _forward) if arrival.method in ("GET", "HEAD") else _forward
        try:
            return await handler()
        except Exception as error:  # noqa: BLE001 - told and answered below
            return await self.handle_user_exception(error)

    async def handle_user_exception(self, error: Any) -> Any:
        """The proxy's own answer to `error`: the handler's errors never reach Werkzeug's pages."""
        exchange = _connection().exchange
        if not isinstance(error, TrioProxyError):
            log.error("exchange %s: a fault of ours", exchange.arrival.id, exc_info=error)
            error = OurError(f"{type(error).__name__}: {error}")
        return own_answer(exchange, error)


def _connection() -> OwnedConnection:
    """The owner of the request that is being handled."""
    scope: Any = request.scope
    owner: OwnedConnection = scope["trioproxy.connection"]
    return owner


async def _forward() -> RawResponse:
    """The streaming path: hand the request to its exchange, and its seat to the response."""
    connection = _connection()
    exchange = connection.exchange
    head, seat = await exchange.answer(connection.upload)
    connection.upload.discard()
    raw = response_headers(head.headers, status=head.status, own=exchange.own_headers)
    return RawResponse(head.status, raw, SeatBody(seat))


def own_answer(exchange: Exchange, error: TrioProxyError) -> RawResponse:
    """An error that the proxy answers itself, in the shape of the API that was called."""
    exchange.failed(error)
    body = exchange.error_body(error)
    headers = (*_own_headers(error.code, len(body)), *exchange.own_headers)
    if isinstance(error, Draining):
        headers = (*headers, (b"retry-after", b"%d" % RETRY_AFTER_S))
    return RawResponse(error.status, headers, body)


def _own_headers(code: str, length: int) -> RawHeaders:
    return (
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % length),
        (b"x-trioproxy-error", code.encode()),
    )


async def _hello() -> RawResponse:
    return _page(200, {"name": "trioproxy"})


async def _health() -> RawResponse:
    return _page(200, {"status": "alive"})


async def _ready() -> RawResponse:
    """503 unless serving; a ledger in trouble is said, and served through."""
    app: Any = current_app
    ledger = app.desk.ledger.health()
    serving = app.state is State.SERVING
    return _page(
        200 if serving else 503,
        {
            "status": "degraded" if serving and not ledger.ok else app.state,
            "requests": app.requests,
            "detached": len(app.desk.house.detached),
            "ledger": asdict(ledger),
        },
    )


def _page(status: int, value: dict[str, object]) -> RawResponse:
    body = json.dumps(value).encode() + b"\n"
    return RawResponse(status, ((b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))), body)


PAGES: Mapping[bytes, Callable[[], Awaitable[RawResponse]]] = {
    b"/": _hello,
    b"/api/hello": _hello,
    b"/_trioproxy/health": _health,
    b"/_trioproxy/ready": _ready,
}
