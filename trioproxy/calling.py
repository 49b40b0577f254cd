"""From an order to a commission: the call's row is enqueued, and whoever has to know of its end is told.

settle ─▶ usage reported or estimated ─▶ ledger, log, the session's cache
finished ─▶ recordings
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from functools import partial

import trio

from trioproxy.commission import Commission
from trioproxy.desk import Desk
from trioproxy.model import Arrival, CallOpening, CallReceipt, ExchangeOpening, Head, Policy
from trioproxy.order import Order
from trioproxy.providers import SPEAKERS
from trioproxy.providers.base import Kind
from trioproxy.providers.estimating import booked
from trioproxy.providers.sameness import Sameness
from trioproxy.providers.usage_asking import usage_stripper
from trioproxy.rules.cache_state import SessionKey
from trioproxy.rules.disconnect import applying
from trioproxy.rules.ids import uuid7
from trioproxy.rules.lifecycle import Cause, Phase
from trioproxy.rules.reuse import replayable
from trioproxy.rules.words import Line, call_line
from trioproxy.store.recordings import Recording
from trioproxy.tape import Tape
from trioproxy.wire.credentials import secrets, unsaid

log = logging.getLogger("trioproxy")

# What has not gone out whole is not paid.
_UNSENT = frozenset((Phase.CONNECTING, Phase.SENDING))


def commission(desk: Desk, arrival: Arrival, order: Order, exchange: ExchangeOpening | None) -> Commission:
    """The call, with its row enqueued if its exchange has one: from here on it is settled by its relay."""
    reuse, same = desk.reuse, order.sameness
    terms = applying(desk.terms[order.place.provider], generation=order.operation.generation)
    opening = _call(desk, arrival, order, terms.policy)
    durable = desk.ledger.open(exchange, opening) if exchange is not None else None
    tape = Tape(reuse.recordings, reuse.settings.max_body_bytes) if reuse is not None and same is not None else None
    # Not the order itself: it has the body.
    books = _Books(
        desk,
        exchange is not None,
        order.operation.kind,
        order.asked.input_estimate,
        same,
        tape,
        order.session_key,
        secrets(arrival.headers, arrival.query),
    )
    return Commission(
        opening=opening,
        plan=order.plan,
        source=desk.source,
        limits_s=desk.limits_s,
        terms=terms,
        max_lag_bytes=terms.max_bytes,
        meter_for=partial(SPEAKERS[opening.dialect].meter, order.operation),
        durable=durable,
        late=desk.ledger.went_on_without,
        settle=books.settle,
        fingerprint=same.fingerprint if same is not None else None,
        tape=tape,
        finished=books.finish,
        filter_for=usage_stripper if order.usage_added else lambda _: None,
    )


@dataclass(frozen=True, slots=True)
class _Books:
    """What becomes of a call's end."""

    _desk: Desk
    _recorded: bool
    _kind: Kind
    _input_estimate: int | None
    _sameness: Sameness | None
    _tape: Tape | None
    _session_key: SessionKey | None
    _secrets: tuple[str, ...] = field(repr=False)

    def finish(self, head: Head, receipt: CallReceipt) -> None:
        """The answer came whole: keep it for the same request, if it may be given again."""
        reuse, same, tape = self._desk.reuse, self._sameness, self._tape
        if reuse is None or same is None or tape is None or not tape.whole:
            return
        if replayable(receipt.outcome, head.status, head.headers, receipt.reading):
            body = b"".join(tape.pieces())
            tape.drop()  # first: the recording takes its place
            now = trio.current_time()
            reuse.recordings.keep(same.fingerprint, Recording(receipt.opening.id, head, body, now, same.window_s))

    def settle(self, receipt: CallReceipt, phase: Phase, cause: Cause | None) -> None:
        """Book the call's end: synchronous, once."""
        reading = receipt.reading
        reading = replace(reading, error=unsaid(reading.error, self._secrets)) if reading.error else reading
        receipt = replace(receipt, reading=reading, error=unsaid(receipt.error, self._secrets))
        if self._recorded:
            self._desk.ledger.settle_call(self._with_usage(receipt, sent=phase not in _UNSENT))
        routing = self._desk.routing
        if routing is not None and self._session_key is not None:
            model = receipt.opening.model_sent or ""
            routing.caches.note(self._session_key, model, receipt.reading.usage, trio.current_time())
        tell(call_line(receipt, phase, cause))

    def _with_usage(self, receipt: CallReceipt, *, sent: bool) -> CallReceipt:
        """The receipt with what is to be booked as used, reported or estimated, and which of them it is."""
        usage, source = booked(
            receipt.reading,
            kind=self._kind,
            status=receipt.status,
            sent=sent,
            input_estimate=self._input_estimate,
        )
        return replace(receipt, reading=replace(receipt.reading, usage=usage), usage_source=source)


def _call(desk: Desk, arrival: Arrival, order: Order, policy: Policy) -> CallOpening:
    started_at = desk.clock()
    place = order.place
    return CallOpening(
        id=uuid7(started_at, desk.chance(10)),
        exchange_id=arrival.id,
        started_at=started_at,
        provider=place.provider,
        dialect=desk.providers[place.provider].dialect,
        method=arrival.method,
        path=place.target.decode("latin-1"),
        model_requested=order.asked.model,
        model_sent=order.model_sent,
        effort=order.asked.effort,
        policy=policy,
        savings=order.savings,
    )


def tell(line: Line | None) -> None:
    """Write a line of `rules/words.py` to the log."""
    if line is not None:
        log.log(line.level, line.text)
