"""The story of one request, from its arrival to its settling.

    identify ─▶ take the body ─▶ order ─┬▶ replay ────────────────┬▶ head ─▶ (deliver) ──▶ settle
    rules       the client       order  ├▶ join a live twin ─ sit ┤  relay   connection    store
                                        └▶ a call of its own ─ sit┘

An exchange cancels nothing itself: a client that leaves gives up its seat, and
the relay does the rest. The exchange is settled by the frame that every exit of
a request passes (`app/connection.py`), the call by its relay; neither waits for
the other.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import trio

from trioproxy.calling import commission, tell
from trioproxy.commission import Commission
from trioproxy.delivery import Delivery, Served
from trioproxy.desk import Desk, Upload
from trioproxy.errors import OurError, RequestTooLarge, TrioProxyError
from trioproxy.model import Arrival, Dialect, ExchangeOpening, ExchangeReceipt, Head, RawHeaders
from trioproxy.order import Order, order
from trioproxy.providers import SPEAKERS
from trioproxy.providers.base import Speaker
from trioproxy.rules.clients import opening
from trioproxy.rules.lifecycle import Cause
from trioproxy.rules.reuse import may_join, replayed_headers
from trioproxy.rules.routes import route
from trioproxy.rules.words import delivery_line
from trioproxy.seat import JOINED_BYTES, Seat
from trioproxy.store.recordings import Recording
from trioproxy.wire import headers


class Exchange:
    """One client request. Whoever delivers tells it what has been handed to the client's connection."""

    __slots__ = ("_desk", "_opening", "_seat", "_served", "_speaker", "arrival", "delivery", "own_headers")

    def __init__(self, arrival: Arrival, desk: Desk) -> None:
        self.arrival = arrival
        self.delivery = Delivery()
        # What is added to the head of the answer.
        self.own_headers: RawHeaders = ((b"x-trioproxy-id", arrival.id.encode("ascii")),)
        self._desk = desk
        self._speaker: Speaker = SPEAKERS[Dialect.OPENAI]
        self._opening: ExchangeOpening | None = None
        self._served = Served()
        self._seat: Seat | None = None

    async def answer(self, upload: Upload) -> tuple[Head, Seat]:
        """Have the request answered, by whoever may, and wait for the head.

        Raises:
            TrioProxyError: the proxy answers itself, with `error_body`.
        """
        desk, arrival = self._desk, self.arrival
        place = route(arrival.raw_path, desk.providers)
        self._speaker = speaker = SPEAKERS[desk.providers[place.provider].dialect]
        said = headers.first_fields(arrival.headers)
        self._opening = opening(arrival, said, place.provider) if place.recorded else None
        desk.house.admit()
        operation = speaker.recognise(arrival.method, place.path)
        body = await (self._whole(upload) if operation.generation else upload.stream())
        desk.house.admit()  # again, for the upload took its time: a row that is opened now will be settled
        ordered = order(desk, arrival, place, operation, body)
        del body
        if self._opening is not None and ordered.asked.preview:
            self._opening = replace(self._opening, preview=ordered.asked.preview)
        seat = self._replay(ordered) or self._join(ordered) or self._call(ordered)
        del ordered  # only the relay keeps the body, and only until it is sent
        self._seat = seat
        return await seat.head(), seat

    def _replay(self, ordered: Order) -> Seat | None:
        """A seat at an answer that was finished a moment ago, if there is one to the same request."""
        reuse, now = self._desk.reuse, trio.current_time()
        if reuse is None or ordered.sameness is None:
            return None
        recording = reuse.recordings.find(ordered.sameness.fingerprint, now)
        if recording is None:
            return None
        reuse.recordings.lend(recording)
        self._served.recording = recording
        self.own_headers += ((b"x-trioproxy-replayed", recording.call_id.encode("ascii")),)
        return _seat_at(recording, now)

    def _join(self, ordered: Order) -> Seat | None:
        """A seat at a live twin, if one may be joined."""
        reuse, sameness = self._desk.reuse, ordered.sameness
        if reuse is None or sameness is None:
            return None
        allowed = partial(may_join, reuse.settings.join, retry=sameness.retry)
        twin = self._desk.house.twin(sameness.fingerprint, allowed)
        if twin is None:
            return None
        self._served.relay, self._served.joined = twin, True
        return twin.sit()

    def _call(self, ordered: Order) -> Seat:
        """A seat at a call of its own."""
        self._served.relay = self._desk.house.start(self._commission(ordered))
        return self._served.relay.sit()

    def _commission(self, ordered: Order) -> Commission:
        return commission(self._desk, self.arrival, ordered, self._opening)

    def began(self, status: int) -> None:
        """A head of this status is being handed over."""
        self.delivery.status = status

    def handed(self, piece: bytes) -> None:
        """The client's connection has taken `piece`."""
        self.delivery.handed(piece)

    def failed(self, error: TrioProxyError) -> None:
        """`error` is what the client is answered, or why its answer is truncated."""
        self.delivery.failure = error

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
        self.leave(cause or (Cause.INTERNAL if type(self.delivery.failure) is OurError else Cause.CLIENT_LEFT))
        try:
            if self._opening is not None:
                self._close_books(self._opening, cause)
        finally:  # whatever the ledger does, what was lent comes back
            if self._desk.reuse is not None and self._served.recording is not None:
                self._desk.reuse.recordings.give_back(self._served.recording)
                self._served.recording = None

    def _close_books(self, opening: ExchangeOpening, cause: Cause | None) -> None:
        relay = self._served.relay
        receipt = self.delivery.receipt(opening, self._served, cause)
        self._book(receipt)
        call_told = relay is not None and relay.closing and not relay.whole
        tell(delivery_line(receipt, cause, call_told=call_told, lives_on=relay is not None and not relay.closing))

    def _book(self, receipt: ExchangeReceipt) -> None:
        self._desk.ledger.settle_exchange(receipt)

    async def _whole(self, upload: Upload) -> bytes:
        limit_bytes = self._desk.max_request_bytes
        declared = headers.get(self.arrival.headers, b"content-length") or b""
        if declared.isdigit() and int(declared) > limit_bytes:
            raise RequestTooLarge(f"the request body has {int(declared)} bytes; the limit is {limit_bytes}")
        return await upload.whole(limit_bytes)


def _seat_at(recording: Recording, now: float) -> Seat:
    """A seat that has been handed all of a recorded answer."""
    head, seat = recording.head, Seat()
    seat.begin(replace(head, headers=replayed_headers(head.headers, age_s=now - recording.finished_at)))
    body = memoryview(recording.body)
    for at in range(0, len(body), JOINED_BYTES):  # a piece is copied when it is taken, not before
        seat.push(body[at : at + JOINED_BYTES])
    seat.end(None)
    return seat
