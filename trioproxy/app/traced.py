"""An exchange that notes what happens to it, for those requests that are traced; all others have none of this.

OwnedConnection ─▶ exchange_of ─▶ Exchange, or TracedExchange ─▶ Notes ─▶ trace/traces.py
                                              └─▶ its call's source, phases and end

What is noted comes after what is done, and behind a wall: a fault in noting is no fault in answering or booking.
"""

from __future__ import annotations

from dataclasses import replace

from trioproxy.commission import Commission
from trioproxy.desk import Desk, Upload
from trioproxy.errors import TrioProxyError
from trioproxy.exchange import Exchange
from trioproxy.model import Arrival, CallReceipt, ExchangeReceipt, Head
from trioproxy.order import Order
from trioproxy.rules.lifecycle import Cause, Phase
from trioproxy.seat import Seat
from trioproxy.trace.choosing import ASKING
from trioproxy.trace.notes import Notes
from trioproxy.trace.records import Lane, What
from trioproxy.trace.source import NotingSource
from trioproxy.wire.headers import length


def exchange_of(arrival: Arrival, desk: Desk, client: tuple[str, int] | None) -> Exchange:
    """The exchange for a request that came from the address `client`."""
    if desk.traces is None:
        return Exchange(arrival, desk)
    notes = desk.traces.begin(arrival, client[0] if client else None)
    return Exchange(arrival, desk) if notes is None else TracedExchange(arrival, desk, notes)


class TracedExchange(Exchange):
    """An exchange that does what every other one does, and notes it."""

    def __init__(self, arrival: Arrival, desk: Desk, notes: Notes) -> None:
        super().__init__(arrival, desk)
        self.own_headers += ((ASKING, notes.id.encode("ascii")),)
        self._notes = notes
        self._own_call = False
        self._began = self._truncated = False
        self._settling = self._ended = False
        self._told = False  # how the seat ended, or was left
        notes.void = True  # until it is more than a page of ours

    async def answer(self, upload: Upload) -> tuple[Head, Seat]:
        """See Exchange.answer."""
        self._notes.void = False
        with self._notes.wall:
            path = self.arrival.raw_path.decode("latin-1")
            declared = length(self.arrival.headers) or 0
            self._notes.note(Lane.CLIENT, What.REQUEST, f"{self.arrival.method} {path}", size_bytes=declared)
        return await super().answer(upload)

    def _replay(self, ordered: Order) -> Seat | None:
        return self._sat(super()._replay(ordered), What.REPLAYED)

    def _join(self, ordered: Order) -> Seat | None:
        return self._sat(super()._join(ordered), What.JOINED)

    def _call(self, ordered: Order) -> Seat:
        self._own_call = True
        seat = super()._call(ordered)
        self._sat(seat, What.SAT)
        return seat

    def _sat(self, seat: Seat | None, how: What) -> Seat | None:
        if seat is not None:
            with self._notes.wall:
                self._notes.note(Lane.SEAT, how, f"call {self._served.call_id}")
        return seat

    def _commission(self, ordered: Order) -> Commission:
        commission, notes = super()._commission(ordered), self._notes
        # Not the commission itself: it has the body, and `settle` is kept until the call ends.
        source, book = NotingSource(commission.source, notes), commission.settle

        def settle(receipt: CallReceipt, phase: Phase, cause: Cause | None) -> None:
            try:
                book(receipt, phase, cause)
            finally:
                with notes.wall:
                    _note_call(notes, source.cancelled, receipt, cause or phase)
                notes.end_part()

        notes.open_part()
        notes.phase(Phase.CONNECTING)
        return replace(commission, source=source, settle=settle, entered=notes.phase)

    def began(self, status: int) -> None:
        """See Exchange.began."""
        super().began(status)
        self._began = True
        self._notes.note(Lane.CLIENT, What.HEAD, str(status))

    def handed(self, piece: bytes) -> None:
        """See Exchange.handed."""
        super().handed(piece)
        self._notes.chunk(Lane.CLIENT, piece, keep=not self._own_call)

    def failed(self, error: TrioProxyError) -> None:
        """See Exchange.failed."""
        super().failed(error)
        self._truncated = self._began
        if self._seat is not None and not self._told:
            self._told = True
            with self._notes.wall:
                self._notes.note(Lane.SEAT, What.FAILED, f"{error.code}: {error}")

    def leave(self, cause: Cause) -> None:
        """See Exchange.leave."""
        super().leave(cause)
        if cause is Cause.CLIENT_LEFT and not self._settling:
            self._client(What.LEFT)
        if self._seat is not None and not self._told:
            self._told = True
            self._notes.note(Lane.SEAT, What.LEFT, cause)

    def _book(self, receipt: ExchangeReceipt) -> None:
        try:
            super()._book(receipt)
        finally:
            with self._notes.wall:
                _note_exchange(self._notes, receipt)

    def settle(self, cause: Cause | None) -> None:
        """See Exchange.settle."""
        self._settling = True
        try:
            with self._notes.wall:
                self._end(cause)  # first: in settling, a seat that nobody had to leave is left
            super().settle(cause)
        finally:
            self._notes.end_part()

    def _end(self, cause: Cause | None) -> None:
        """How it ended for the client, and for a seat that nobody had to leave."""
        match cause:
            case Cause.CLIENT_LEFT:
                self._client(What.LEFT)
            case Cause.CLIENT_STALLED:
                self._ended = False  # its connection is reset, which looks like a departure
                self._client(What.STALLED)
            case None if not self._truncated:
                if self._seat is not None and not self._told:
                    self._told = True
                    self._notes.note(Lane.SEAT, What.END)
                self._client(What.END)
            case _:
                self._client(What.TRUNCATED, cause or "")

    def _client(self, end: What, note: str = "") -> None:
        """The client's end: the first one counts."""
        if not self._ended:
            self._ended = True
            self._notes.note(Lane.CLIENT, end, note)


def _note_call(notes: Notes, cancelled: int | None, receipt: CallReceipt, why: str) -> None:
    """How the call was settled; `cancelled` is the note, if there is one, that still lacks the reason."""
    if cancelled is not None:
        notes.complete(cancelled, why)
    notes.note(Lane.SETTLE, What.CALL, receipt.outcome)
    notes.measure(
        {
            "call": receipt.outcome,
            "dialect": receipt.opening.dialect,
            "bytes_in": receipt.bytes_in,
            "policy": receipt.opening.policy,
            "detached_ms": receipt.detached_ms,
        }
    )


def _note_exchange(notes: Notes, receipt: ExchangeReceipt) -> None:
    notes.note(Lane.SETTLE, What.EXCHANGE, receipt.outcome)
    notes.cell |= {"provider": receipt.opening.provider, "served by": receipt.served_by}
    notes.measure(
        {
            "exchange": receipt.outcome,
            "ttfb_ms": receipt.ttfb_ms,
            "duration_ms": receipt.duration_ms,
            "bytes_out": receipt.bytes_out,
        }
    )
