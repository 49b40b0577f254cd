"""What is known of one call and of its delivery, and what is booked of them at their end.

    arrival, body ─▶ Call, Delivery ── what happened to them ─▶ outcome(cause) ─▶ receipt

The rules by which an outcome follows from phase and cause are the proxy's own (`rules/lifecycle.py`): variants differ
in how they find the cause, not in what they call it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from trioproxy.errors import TrioProxyError
from trioproxy.lab.compare.semantics import Leaving
from trioproxy.lab.explore.subject import Footing, Message, Tell
from trioproxy.model import (
    Arrival,
    CallOpening,
    CallOutcome,
    CallReceipt,
    ExchangeOutcome,
    ExchangeReceipt,
    Head,
    Plan,
    ServedBy,
)
from trioproxy.providers import SPEAKERS
from trioproxy.providers.base import Meter
from trioproxy.providers.meters import Silent
from trioproxy.providers.plan import plan
from trioproxy.rules.clients import opening
from trioproxy.rules.ids import uuid7
from trioproxy.rules.lifecycle import Cause, Phase, delivery, failed_delivery, outcome_of
from trioproxy.rules.routes import route
from trioproxy.settings import BUILT_IN_PROVIDERS
from trioproxy.store.base import Opening
from trioproxy.trace.records import Lane, What
from trioproxy.wire.headers import first_fields


class Call:
    """The account of one upstream call; implements `sources.base.Progress`."""

    def __init__(self, footing: Footing, arrival: Arrival, body: bytes, leaving: Leaving) -> None:
        place = route(arrival.raw_path, BUILT_IN_PROVIDERS)
        provider = BUILT_IN_PROVIDERS[place.provider]
        self._speaker = SPEAKERS[provider.dialect]
        self._operation = self._speaker.recognise(arrival.method, place.path)
        asked = self._speaker.read_request(self._operation, body, 0)
        self.plan: Plan = plan(arrival, place, self._operation, base_url=provider.base_url, ca_file=None, body=body)
        self.opening = CallOpening(
            id=uuid7(arrival.at, footing.chance(10)),
            exchange_id=arrival.id,
            started_at=arrival.at,
            provider=place.provider,
            dialect=provider.dialect,
            method=arrival.method,
            path=place.path,
            model_requested=asked.model,
            model_sent=asked.model,
            effort=asked.effort,
            policy=leaving.policy,
        )
        self.generation = self._operation.generation
        self.phase = Phase.CONNECTING
        self.head: Head | None = None
        self.failure: TrioProxyError | None = None
        self.bytes_in = 0
        self.detached_s = 0.0
        self.tell: Tell = footing.tell or _say_nothing
        # Called before the first byte goes upstream.
        self.ask_permission: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint
        self._meter: Meter = Silent()
        self._ttfb_s: float | None = None
        self._began = trio.current_time()

    def enter(self, phase: Phase) -> None:
        """See Progress.enter."""
        if phase is not self.phase:
            self.phase = phase
            self.tell(Lane.PUMP, What.PHASE, phase)

    async def permission(self) -> None:
        """See Progress.permission."""
        await self.ask_permission()

    def begin(self, head: Head) -> None:
        """The head has come."""
        self.head = head
        self._meter = self._speaker.meter(self._operation, head)

    def came(self, chunk: bytes) -> None:
        """A chunk has come."""
        if self._ttfb_s is None:
            self._ttfb_s = trio.current_time() - self._began
        self.bytes_in += len(chunk)
        self._meter.feed(chunk)

    def finish(self) -> None:
        """The body has ended as framed."""
        if self.head is not None and self.head.framed:
            self._meter.end()
        self.enter(Phase.ENDED)

    @property
    def said_all(self) -> bool:
        """The protocol's last word has come."""
        return self._meter.reading().ended

    def outcome(self, cause: Cause | None) -> CallOutcome:
        """What it would be booked as, did it end now because of `cause`."""
        framed = self.head is None or self.head.framed
        by_protocol = self._meter.by_protocol
        return outcome_of(self.phase, cause, self._meter.reading(), by_protocol=by_protocol, framed=framed)

    def receipt(self, outcome: CallOutcome) -> CallReceipt:
        """The end of the call."""
        duration_s = trio.current_time() - self._began
        return CallReceipt(
            opening=self.opening,
            ended_at=self.opening.started_at + duration_s,
            outcome=outcome,
            status=self.head.status if self.head is not None else None,
            reading=self._meter.reading(),
            request_id=self.head.request_id if self.head is not None else None,
            ttfb_ms=self._ttfb_s * 1000 if self._ttfb_s is not None else None,
            duration_ms=duration_s * 1000,
            detached_ms=self.detached_s * 1000,
            bytes_in=self.bytes_in,
            error=str(self.failure) if self.failure is not None else None,
        )


class Delivery:
    """The account of one delivery."""

    def __init__(self, arrival: Arrival) -> None:
        provider = route(arrival.raw_path, BUILT_IN_PROVIDERS).provider
        self.opening = opening(arrival, first_fields(arrival.headers), provider)
        self.call: Call | None = None
        self.joined = False
        self.status: int | None = None
        self.failure: TrioProxyError | None = None
        self.bytes_out = 0
        self._ttfb_s: float | None = None
        self._began = trio.current_time()

    def opening_with(self, call: Call) -> Opening:
        """Both rows, open."""
        return Opening(self.opening, call.opening)

    def handed(self, chunk: bytes) -> None:
        """The client's connection has taken `chunk`."""
        if self._ttfb_s is None:
            self._ttfb_s = trio.current_time() - self._began
        self.bytes_out += len(chunk)

    def outcome(self, cause: Cause | None) -> ExchangeOutcome:
        """What it would be booked as, did it end now because of `cause`, or of its failure."""
        call = self.call
        last_word_sent = call is not None and call.said_all and self.bytes_out >= call.bytes_in
        if cause is not None:
            phase = call.phase if call is not None else Phase.CONNECTING
            return delivery(phase, cause, last_word_sent=last_word_sent)
        if self.failure is None or last_word_sent:
            return ExchangeOutcome.DELIVERED
        return failed_delivery(self.failure)

    def receipt(self, outcome: ExchangeOutcome) -> ExchangeReceipt:
        """The end of the delivery."""
        duration_s = trio.current_time() - self._began
        return ExchangeReceipt(
            opening=self.opening,
            ended_at=self.opening.started_at + duration_s,
            served_by=self._served_by(),
            call_id=self.call.opening.id if self.call is not None else None,
            outcome=outcome,
            status=self.status,
            ttfb_ms=self._ttfb_s * 1000 if self._ttfb_s is not None else None,
            duration_ms=duration_s * 1000,
            bytes_out=self.bytes_out,
            error=str(self.failure) if self.failure is not None else None,
        )

    def _served_by(self) -> ServedBy:
        if self.call is None or (self.failure is not None and self.call.head is None):
            return ServedBy.PROXY
        return ServedBy.JOINED if self.joined else ServedBy.CALL


def arrival_of(scope: Message, footing: Footing) -> Arrival:
    """The request that an ASGI server hands over."""
    now = footing.clock()
    return Arrival(
        id=uuid7(now, footing.chance(10)),
        at=now,
        method=scope["method"],
        raw_path=scope["raw_path"],
        query=scope["query_string"],
        headers=tuple((bytes(name), bytes(value)) for name, value in scope["headers"]),
        http_version=scope["http_version"],
    )


def _say_nothing(lane: Lane, what: What, note: str = "", *, size_bytes: int = 0, who: int = 0) -> None:
    """Nobody draws a timeline."""
