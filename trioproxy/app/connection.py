"""The owner of a delivery: the one frame that is entered for every request and left on every path.

Generators, response bodies and the app's nursery each miss some exits (a client
that leaves before the body is entered, a hook that raises); this frame misses
none, so the exchange is settled here, once, by enqueueing (ADR 0004).

    receive() ─▶ _watch ── the client left ──▶ seat.leave, and the presence scope is cancelled
    handler ───▶ _deliver ── send() ──────────▶ the client
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

import trio
from quart_trio.asgi import TrioASGIHTTPConnection
from quart_trio.wrappers import TrioRequest
from werkzeug.datastructures import Headers

from trioproxy.app.hypercorn_fixes import INBOX, ClientGone, ClientStalled
from trioproxy.app.responses import RawResponse
from trioproxy.app.traced import exchange_of
from trioproxy.app.upload import BodyUpload
from trioproxy.errors import OurError, TrioProxyError
from trioproxy.exchange import Exchange
from trioproxy.model import Arrival
from trioproxy.rules.ids import uuid7
from trioproxy.rules.lifecycle import Cause

if TYPE_CHECKING:
    from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable

    from trioproxy.app.proxy import ProxyApp

log = logging.getLogger("trioproxy")


class OwnedConnection(TrioASGIHTTPConnection):
    """One request and its delivery."""

    app: ProxyApp
    exchange: Exchange
    upload: BodyUpload

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Receive the request, answer it, settle its exchange; on every path, once."""
        desk = self.app.desk
        now = desk.clock()
        scope = self.scope
        arrival = Arrival(
            id=uuid7(now, desk.chance(10)),
            at=now,
            method=scope["method"],
            raw_path=scope["raw_path"],
            query=scope["query_string"],
            # In lower case, as ASGI has them: a Hypercorn can be told otherwise, and then `no-store` must hold, too.
            headers=tuple((bytes(name).lower(), bytes(value)) for name, value in scope["headers"]),
            http_version=scope["http_version"],
        )
        self._finishing = False
        self.exchange = exchange = exchange_of(arrival, desk, scope.get("client"))
        self.upload = BodyUpload(self.app.request_silence_s)
        # `_deliver` says how it ended. If it is cut short from outside: a shutdown, or its connection failed.
        cause: Cause | None = Cause.SHUTDOWN
        cut_short = True
        scope["trioproxy.connection"] = self  # type: ignore[typeddict-unknown-key]
        self.app.enter()
        try:
            with trio.CancelScope() as presence:  # cancelled by `_client_left` alone
                async with trio.open_nursery() as nursery:  # the watcher lives as long as the delivery
                    self._presence = presence
                    if (inbox := cast(dict[str, Any], scope["extensions"]).get(INBOX)) is not None:
                        inbox.on_departure = self._client_left  # at once, whatever of the body still waits
                        inbox.on_fault = self.upload.fail
                    nursery.start_soon(self._watch, receive)
                    cause = await self._deliver(send)
                    cut_short = False
                    nursery.cancel_scope.cancel()
            if cut_short:  # by `presence`
                cause = Cause.CLIENT_LEFT
        except* trio.Cancelled as group:
            if cut_short and _connection_failed(group):
                cause = Cause.CLIENT_LEFT
            raise
        except* Exception:  # out of `_watch`; the server logs it
            cause = Cause.INTERNAL
            raise
        finally:
            self.app.leave()  # first: after a fault in settling, too, a drain waits for no request that is gone
            exchange.settle(cause)

    async def _watch(self, receive: ASGIReceiveCallable) -> None:
        """Take the request's body from the server, then wait for the client to leave."""
        while await self._take(receive):
            pass
        self._client_left()

    def _client_left(self) -> None:
        # Hypercorn says "disconnect" during the final send, too: that one is no departure.
        if not self._finishing:
            self._presence.cancel(reason="the client left")  # first: leaving ends the seat that is being read
            self.exchange.leave(Cause.CLIENT_LEFT)

    async def _take(self, receive: ASGIReceiveCallable) -> bool:
        """Take one piece of the body, False if the client left instead. A frame of its own: it keeps no piece."""
        message = await receive()
        if message["type"] != "http.request":
            return False
        await self.upload.put(message.get("body", b""), message.get("more_body", False))
        return True

    async def _deliver(self, send: ASGISendCallable) -> Cause | None:
        """Answer; returns why the client did not take it, or None.

        A body that will not be finished ends here without its final message: Hypercorn
        truncates the response (HTTP/1.1) or resets the stream (HTTP/2).
        """
        try:
            request = self._create_request_from_scope(send)
            response = await self.app.handle_request(request)
            await self._send_response(send, response)
        except ClientGone:
            return Cause.CLIENT_LEFT
        except ClientStalled:
            return Cause.CLIENT_STALLED
        except TrioProxyError as failure:
            self.exchange.failed(failure)
        except Exception as error:
            log.exception("exchange %s: a fault of ours while delivering", self.exchange.arrival.id)
            self.exchange.failed(OurError(f"{type(error).__name__}: {error}"))
        return None

    async def _send_response(self, send: Any, response: Any) -> None:
        answer: RawResponse = response
        self.exchange.began(answer.status)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if isinstance(answer.body, bytes):
            await self._send_piece(send, answer.body)
        else:
            async for chunk in answer.body:
                await self._send_piece(send, chunk)
        self._finishing = True
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_piece(self, send: Any, piece: bytes) -> None:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        self.exchange.handed(piece)

    def _create_request_from_scope(self, send: Any) -> TrioRequest:
        """Quart's request, without its copy of the headers: ours are the raw ones of the arrival."""
        scope = self.scope
        return TrioRequest(
            scope["method"],
            scope["scheme"],
            scope["path"],
            scope["query_string"],
            Headers(),
            "",
            scope["http_version"],
            send_push_promise=_no_push,
            scope=scope,
        )


async def _no_push(path: str, headers: Headers) -> None:
    """Quart wants to be able to push; nothing here does."""


def _connection_failed(group: BaseExceptionGroup[trio.Cancelled]) -> bool:
    """The connection's own nursery cancelled us, because a task of it raised: no shutdown."""
    leaf: BaseException = group
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return isinstance(leaf, trio.Cancelled) and leaf.source == "nursery"
