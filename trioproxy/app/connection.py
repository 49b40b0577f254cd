"""The owner of a delivery: the one frame that is entered for every request and left on every path.

Generators, response bodies and the app's nursery each miss some exits (a client
that leaves before the body is entered, a hook that raises); this frame misses
none, so the exchange is settled here, once, by enqueueing (ADR 0004).

    receive() ─▶ _watch ── the client left ──▶ seat.leave, and the presence scope is cancelled
    handler ───▶ _deliver ── send() ──────────▶ the client
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import trio
from quart.wrappers import Response
from quart.wrappers.response import ResponseBody
from quart_trio.asgi import TrioASGIHTTPConnection

from trioproxy.app.hypercorn_fixes import ClientStalled
from trioproxy.app.upload import BodyUpload
from trioproxy.errors import OurError, TrioProxyError
from trioproxy.exchange import Exchange
from trioproxy.model import Arrival, RawHeaders
from trioproxy.rules.ids import uuid7
from trioproxy.rules.lifecycle import Cause
from trioproxy.seat import Seat

if TYPE_CHECKING:
    from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable

    from trioproxy.app.proxy import ProxyApp

log = logging.getLogger("trioproxy")


class SeatBody(ResponseBody):
    """A response body read from a seat. It owns nothing: the connection cleans up whatever happens."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    async def __aenter__(self) -> SeatBody:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    def __aiter__(self) -> SeatBody:
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._seat.receive()
        if not chunk:
            raise StopAsyncIteration
        return chunk


class RawResponse(Response):
    """A response whose headers go out as the raw bytes they are, past Quart's `str` round trip."""

    raw_headers: RawHeaders

    def __init__(self, status: int, raw_headers: RawHeaders, body: ResponseBody | bytes) -> None:
        super().__init__(None, status)
        self.raw_headers = raw_headers
        self.response = self.data_body_class(body) if isinstance(body, bytes) else body


class OwnedConnection(TrioASGIHTTPConnection):
    """One request and its delivery."""

    app: ProxyApp
    exchange: Exchange
    upload: BodyUpload

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        desk = self.app.desk
        now = desk.clock()
        scope = self.scope
        arrival = Arrival(
            id=uuid7(now, desk.chance(10)),
            at=now,
            method=scope["method"],
            raw_path=scope["raw_path"],
            query=scope["query_string"],
            headers=tuple((bytes(name), bytes(value)) for name, value in scope["headers"]),
            http_version=scope["http_version"],
        )
        self._finishing = False
        self.exchange = exchange = Exchange(arrival, desk)
        self.upload = BodyUpload(self.app.request_silence_s)
        # Whoever is cancelled from outside is so because the server shuts down, or its connection failed.
        cause: Cause | None = Cause.SHUTDOWN
        scope["trioproxy.connection"] = self  # type: ignore[typeddict-unknown-key]
        self.app.enter()
        try:
            with trio.CancelScope() as presence:  # cancelled by `_watch` alone: the client left
                async with trio.open_nursery() as nursery:  # the watcher lives as long as the delivery
                    nursery.start_soon(self._watch, presence, receive)
                    cause = await self._deliver(send)
                    nursery.cancel_scope.cancel()
            if presence.cancelled_caught:
                cause = Cause.CLIENT_LEFT
        except* trio.Cancelled as group:
            if _connection_failed(group):
                cause = Cause.CLIENT_LEFT
            raise
        finally:
            exchange.settle(cause)
            self.app.leave()

    async def _watch(self, presence: trio.CancelScope, receive: ASGIReceiveCallable) -> None:
        """Take the request's body from the server, then wait for the client to leave."""
        while (message := await receive())["type"] == "http.request":
            await self.upload.put(message.get("body", b""), message.get("more_body", False))
        # Hypercorn says "disconnect" during the final send, too: that one is no departure.
        if not self._finishing:
            self.exchange.leave(Cause.CLIENT_LEFT)
            presence.cancel(reason="the client left")

    async def _deliver(self, send: ASGISendCallable) -> Cause | None:
        """Answer; returns why the client did not take it, or None.

        A body that will not be finished ends here without its final message: Hypercorn
        truncates the response (HTTP/1.1) or resets the stream (HTTP/2).
        """
        try:
            request = self._create_request_from_scope(send)
            response = await self.app.handle_request(request)
            await self._send_response(send, response)
        except ClientStalled:
            return Cause.CLIENT_STALLED
        except TrioProxyError as failure:
            self.exchange.failure = failure
        except Exception as error:
            log.exception("exchange %s: a fault of ours while delivering", self.exchange.arrival.id)
            self.exchange.failure = OurError(f"{type(error).__name__}: {error}")
        return None

    async def _send_response(self, send: Any, response: Any) -> None:
        exchange = self.exchange
        headers = response.raw_headers if isinstance(response, RawResponse) else _encode(response)
        exchange.status = response.status_code
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        async with response.response as body:
            async for data in body:
                await send({"type": "http.response.body", "body": data, "more_body": True})
                if not exchange.bytes_out:
                    exchange.first_byte = trio.current_time()
                exchange.bytes_out += len(data)
        self._finishing = True
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _encode(response: Response) -> RawHeaders:
    return tuple((key.lower().encode("latin-1"), value.encode("latin-1")) for key, value in response.headers)


def _connection_failed(group: BaseExceptionGroup[trio.Cancelled]) -> bool:
    """The connection's own nursery cancelled us, because a task of it raised: no shutdown."""
    leaf: BaseException = group
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return isinstance(leaf, trio.Cancelled) and leaf.source == "nursery"
