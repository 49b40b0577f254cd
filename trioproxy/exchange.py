"""The story of one request, from its arrival to its settling.

    identify ─▶ take the body ─▶ plan ─────▶ open ─▶ sit ─▶ head ─▶ (deliver) ──▶ settle
    rules       the client       providers   house   seat   relay   connection    store

An exchange cancels nothing itself: a client that leaves gives up its seat, and
the relay does the rest. The exchange is settled by the frame that every exit of
a request passes (`app/connection.py`), the call by its relay; neither waits for
the other.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import trio

from trioproxy.errors import OurError, RequestTooLarge, ShuttingDown, TrioProxyError
from trioproxy.house import House
from trioproxy.model import (
    Arrival,
    Asked,
    CallOpening,
    CallReceipt,
    Dialect,
    ExchangeOpening,
    ExchangeOutcome,
    ExchangeReceipt,
    Head,
    Plan,
    ServedBy,
)
from trioproxy.providers import SPEAKERS
from trioproxy.providers.base import Operation, Speaker
from trioproxy.providers.plan import plan
from trioproxy.relay import Commission, Relay
from trioproxy.rules.clients import opening
from trioproxy.rules.ids import uuid7
from trioproxy.rules.lifecycle import Cause, Phase, delivery, failed_delivery
from trioproxy.rules.routes import Route, route
from trioproxy.rules.words import Line, call_line, delivery_line
from trioproxy.seat import Seat
from trioproxy.settings import ProviderSettings
from trioproxy.sources.base import Source
from trioproxy.store.base import Ledger
from trioproxy.wire import headers

log = logging.getLogger("trioproxy")

# The only disconnect policy there is yet: a call ends with its last client.
POLICY = "abort"


class Upload(Protocol):
    """The request's body as it comes from the client."""

    async def whole(self, limit_bytes: int) -> bytes:
        """All of it. Raises ClientError."""
        ...

    async def stream(self) -> AsyncIterable[bytes] | None:
        """Its pieces as they come; None if it is empty. Raises ClientError, now and later."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything an exchange needs, put there by the composition root."""

    providers: Mapping[str, ProviderSettings]
    limits_s: Mapping[Phase, float]
    max_request_bytes: int
    preview_chars: int
    source: Source
    ledger: Ledger
    house: House
    clock: Callable[[], float]
    chance: Callable[[int], bytes] = os.urandom


class Exchange:
    """One client request. Whoever delivers tells it what has been handed to the client's connection."""

    def __init__(self, arrival: Arrival, desk: Desk) -> None:
        self.arrival = arrival
        self._desk = desk
        self._came = trio.current_time()
        self._status: int | None = None
        self._first_byte: float | None = None
        self._bytes_out = 0
        self._failure: TrioProxyError | None = None
        self._speaker: Speaker = SPEAKERS[Dialect.OPENAI]
        self._opening: ExchangeOpening | None = None
        self._relay: Relay | None = None
        self._seat: Seat | None = None

    async def answer(self, upload: Upload) -> tuple[Head, Seat]:
        """Send the request upstream and wait for the head of its answer.

        Raises:
            TrioProxyError: the proxy answers itself, with `error_body`.
        """
        desk, arrival = self._desk, self.arrival
        place = route(arrival.raw_path, desk.providers)
        provider = desk.providers[place.provider]
        self._speaker = speaker = SPEAKERS[provider.dialect]
        self._opening = opening(arrival, place.provider) if place.recorded else None
        desk.house.admit()
        operation = speaker.recognise(arrival.method, place.path)
        body: bytes | AsyncIterable[bytes] | None
        if operation.generation:
            body = await self._whole(upload)
            asked = self._asked(operation, body)
        else:
            body, asked = await upload.stream(), Asked()
        desk.house.admit()  # again, for the upload took its time: a row that is opened now will be settled
        outgoing = plan(arrival, place, operation, base_url=provider.base_url, ca_file=provider.ca_file, body=body)
        commission = self._commission(place, provider.dialect, operation, asked, outgoing)
        self._relay = desk.house.start(commission)
        del body, outgoing, commission  # only the relay keeps the body, and only until it is sent
        self._seat = self._relay.sit()
        return await self._seat.head(), self._seat

    def began(self, status: int) -> None:
        """A head of this status is being handed over."""
        self._status = status

    def handed(self, piece: bytes) -> None:
        """The client's connection has taken `piece`."""
        if self._first_byte is None:
            self._first_byte = trio.current_time()
        self._bytes_out += len(piece)

    def failed(self, error: TrioProxyError) -> None:
        """`error` is what the client is answered, or why its answer is truncated."""
        self._failure = error

    def leave(self, cause: Cause) -> None:
        """Give up the seat, if there is one; harmless if it has been given up."""
        if self._seat is not None:
            self._seat.leave(cause)

    def error_body(self, error: TrioProxyError) -> bytes:
        """`error` in the shape of the API that was called."""
        return self._speaker.error_body(error.status, error.code, error.message)

    def settle(self, cause: Cause | None) -> None:
        """Book the delivery: synchronous; called once, on every path.

        `cause` is what ended it before its time; None if an answer, or its truncation, was handed over.
        """
        # A call that lives on although the delivery is over: because of the client, or of a bug of ours.
        self.leave(cause or (Cause.INTERNAL if type(self._failure) is OurError else Cause.CLIENT_LEFT))
        if self._opening is None:
            return
        duration_s = trio.current_time() - self._came
        relay, failure = self._relay, self._failure
        receipt = ExchangeReceipt(
            opening=self._opening,
            ended_at=self._opening.started_at + duration_s,
            served_by=ServedBy.CALL if relay is not None and (failure is None or relay.head) else ServedBy.PROXY,
            call_id=relay.opening.id if relay is not None else None,
            outcome=self._outcome(cause),
            status=self._status,
            ttfb_ms=(self._first_byte - self._came) * 1000 if self._first_byte is not None else None,
            duration_ms=duration_s * 1000,
            bytes_out=self._bytes_out,
            error=f"{type(failure).__name__}: {failure}" if failure is not None else None,
        )
        self._desk.ledger.settle_exchange(receipt)
        _tell(delivery_line(receipt, cause, call_told=relay is not None and not relay.whole))

    def _outcome(self, cause: Cause | None) -> ExchangeOutcome:
        relay, failure = self._relay, self._failure
        phase = relay.phase if relay is not None else Phase.CONNECTING
        last_word_sent = relay is not None and relay.reading().ended and self._bytes_out >= relay.bytes_in
        if cause is Cause.CLIENT_STALLED and relay is not None and isinstance(relay.failure, ShuttingDown):
            cause = Cause.SHUTDOWN  # once the server stops, whoever does not read is given up early
        if cause is not None:
            return delivery(phase, cause, last_word_sent=last_word_sent)
        if failure is None or last_word_sent:
            return ExchangeOutcome.DELIVERED
        return failed_delivery(failure)

    async def _whole(self, upload: Upload) -> bytes:
        limit_bytes = self._desk.max_request_bytes
        declared = headers.get(self.arrival.headers, b"content-length") or b""
        if declared.isdigit() and int(declared) > limit_bytes:
            raise RequestTooLarge(f"the request body has {int(declared)} bytes; the limit is {limit_bytes}")
        return await upload.whole(limit_bytes)

    def _asked(self, operation: Operation, body: bytes) -> Asked:
        encoding = (headers.get(self.arrival.headers, b"content-encoding") or b"").decode("latin-1")
        chars = self._desk.preview_chars
        asked = self._speaker.read_request(operation, body, chars, content_encoding=encoding)
        if asked.preview and self._opening is not None:
            self._opening = replace(self._opening, preview=asked.preview)
        return asked

    def _commission(
        self, place: Route, dialect: Dialect, operation: Operation, asked: Asked, outgoing: Plan
    ) -> Commission:
        """The call, with its row enqueued: from here on it is settled by its relay."""
        desk = self._desk
        started_at = desk.clock()
        call = CallOpening(
            id=uuid7(started_at, desk.chance(10)),
            exchange_id=self.arrival.id,
            started_at=started_at,
            provider=place.provider,
            dialect=dialect,
            method=self.arrival.method,
            path=place.target.decode("latin-1"),
            model_requested=asked.model,
            model_sent=asked.model,
            effort=asked.effort,
            policy=POLICY,
        )

        ledger, recorded = desk.ledger, self._opening is not None

        def settle(receipt: CallReceipt, phase: Phase, cause: Cause | None) -> None:
            if recorded:
                ledger.settle_call(receipt)
            _tell(call_line(receipt, phase, cause))

        durable = ledger.open(self._opening, call) if self._opening is not None else None
        return Commission(
            opening=call,
            plan=outgoing,
            source=desk.source,
            limits_s=desk.limits_s,
            meter_for=partial(self._speaker.meter, operation),
            durable=durable,
            late=ledger.went_on_without,
            settle=settle,
        )


def _tell(line: Line | None) -> None:
    if line is not None:
        log.log(line.level, line.text)
