"""Variants whose pump is a task: one frame owns the delivery, and the pump lives where the axis says.

    house     serving's nursery ─▶ pump, pump, …      a request's frame ends with its delivery
    request   a request's nursery ─▶ its pump         a request's frame ends when its pump has

The frame that is entered for every request and left on every path settles the delivery; the pump settles the call.
"""

# ruff: noqa: TID251 - where tasks live is the axis

from __future__ import annotations

import logging
from collections.abc import Sequence

import trio

from trioproxy.app.hypercorn_fixes import ClientGone, ClientStalled
from trioproxy.errors import Draining, TrioProxyError
from trioproxy.lab.compare.account import Call, Delivery, arrival_of
from trioproxy.lab.compare.channel import Channel
from trioproxy.lab.compare.client import Client
from trioproxy.lab.compare.homes import Home
from trioproxy.lab.compare.relay import CompactRelay
from trioproxy.lab.compare.semantics import Again, Semantics
from trioproxy.lab.compare.till import Till
from trioproxy.lab.compare.verdict import Verdict, verdict
from trioproxy.lab.explore.subject import Footing, Message, Receive, Send
from trioproxy.model import Arrival, ExchangeOutcome
from trioproxy.rules.lifecycle import Cause

log = logging.getLogger("trioproxy")


class Owned:
    """Serves with frames that own their deliveries."""

    def __init__(self, footing: Footing, semantics: Semantics, till: Till, home: Home) -> None:
        self._footing = footing
        self._semantics = semantics
        self._till = till
        self._home = home
        self._client = Client(footing.source, footing.conditions.limits_s)
        self._closed = False
        self._relays: dict[tuple[str, bytes], CompactRelay] = {}

    def close(self, grace_s: float) -> None:
        """See Serving.close."""
        self._closed = True
        self._home.close(trio.current_time() + grace_s)

    def kept(self) -> Sequence[bytes]:
        """See Serving.kept: nothing is given again."""
        return ()

    def left_over(self) -> Sequence[str]:
        """See Serving.left_over."""
        return [f"{relay.channels.count} readers at an ended call" for relay in self._relays.values()]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """See Serving."""
        arrival = arrival_of(scope, self._footing)
        async with self._home.room() as room:
            await Owner(self, arrival, room, send).serve(receive)

    # What owners need.

    async def relay_for(self, arrival: Arrival, body: bytes, delivery: Delivery, room: trio.Nursery) -> CompactRelay:
        """The call that answers: the same one's that lives, if it may be joined, or one of its own.

        Raises:
            TrioProxyError: there can be none.
        """
        if self._closed:
            raise Draining("the server is shutting down")
        key = (arrival.raw_path.decode("latin-1"), body)
        twin = self._relays.get(key) if self._semantics.again is Again.JOINS else None
        if twin is not None and twin.joinable:
            delivery.call, delivery.joined = twin.call, True
            return twin
        call = Call(self._footing, arrival, body, self._semantics.leaving)
        call.ask_permission = await self._till.begin(delivery.opening_with(call))
        # No wait from here to the start: what is opened is settled by its relay.
        delivery.call = call
        relay = CompactRelay(call, self._client, self._till, self._semantics)
        self._relays[key] = relay
        room.start_soon(self._host, relay, key)
        return relay

    async def _host(self, relay: CompactRelay, key: tuple[str, bytes]) -> None:
        try:
            await relay.run()
        finally:
            if self._relays.get(key) is relay:
                del self._relays[key]

    def verdict(self) -> Verdict[ExchangeOutcome]:
        """For one delivery."""
        return verdict(self._semantics.cause)

    async def settle(self, delivery: Delivery, outcome: ExchangeOutcome) -> None:
        """Book the end of a delivery."""
        await self._till.settle(delivery.receipt(outcome))


class Owner:
    """The frame of one request."""

    def __init__(self, serving: Owned, arrival: Arrival, room: trio.Nursery, send: Send) -> None:
        self._serving = serving
        self._arrival = arrival
        self._room = room
        self._send = send
        self._delivery = Delivery(arrival)
        self._verdict = serving.verdict()
        self._presence = trio.CancelScope()
        self._body = trio.Event()
        self._pieces: list[bytes] = []
        self._finishing = False
        self._relay: CompactRelay | None = None
        self._channel: Channel | None = None

    async def serve(self, receive: Receive) -> None:
        """Answer, and settle the delivery, once, on every path."""
        cause: Cause | None = Cause.SHUTDOWN
        cut_short = True
        try:
            with self._presence:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._watch, receive)
                    cause = await self._deliver()
                    cut_short = False
                    nursery.cancel_scope.cancel()
            if cut_short:
                cause = Cause.CLIENT_LEFT
        finally:
            self._leave(cause or Cause.CLIENT_LEFT)
            outcome = self._verdict.final(self._delivery.outcome(cause))
            await self._serving.settle(self._delivery, outcome)  # noqa: ASYNC102 - the shield is the axis

    async def _watch(self, receive: Receive) -> None:
        while (message := await receive())["type"] == "http.request":
            self._pieces.append(message.get("body", b""))
            if not message.get("more_body", False):
                self._body.set()
        if not self._finishing:
            self._verdict.note(self._delivery.outcome(Cause.CLIENT_LEFT))
            self._presence.cancel()
            self._leave(Cause.CLIENT_LEFT)

    def _leave(self, cause: Cause) -> None:
        if self._relay is not None and self._channel is not None:
            self._relay.leave(self._channel, cause)

    async def _deliver(self) -> Cause | None:
        """Answer; returns why the client did not take it, or None."""
        try:
            await self._answer()
        except ClientGone:
            return Cause.CLIENT_LEFT
        except ClientStalled:
            return Cause.CLIENT_STALLED
        except TrioProxyError as failure:
            self._delivery.failure = failure
            self._verdict.note(self._delivery.outcome(None))
            if self._delivery.status is None:
                await self._own_answer(failure)
        return None

    async def _answer(self) -> None:
        delivery = self._delivery
        await self._body.wait()
        relay = await self._serving.relay_for(self._arrival, b"".join(self._pieces), delivery, self._room)
        self._relay, self._channel = relay, relay.sit()
        head = await self._channel.head()
        delivery.status = head.status
        await self._send({"type": "http.response.start", "status": head.status, "headers": list(head.headers)})
        while chunk := await self._channel.receive():
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            delivery.handed(chunk)
        self._finishing = True
        self._verdict.note(delivery.outcome(None))
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _own_answer(self, failure: TrioProxyError) -> None:
        body = failure.message.encode()
        headers = [(b"content-length", b"%d" % len(body)), (b"x-trioproxy-error", failure.code.encode())]
        self._delivery.status = failure.status
        await self._send({"type": "http.response.start", "status": failure.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        self._delivery.handed(body)
        self._finishing = True
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
