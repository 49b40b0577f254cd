"""What holds of every run, whatever happened at whatever step."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from trioproxy.lab.explore.endings import left, outlives_s, right_calls, right_deliveries
from trioproxy.lab.explore.pairing import CREDENTIALS, Carried, Served, answers_to, pair
from trioproxy.lab.explore.stage import Happened


class Invariant(StrEnum):
    """What must not be broken."""

    SETTLED_ONCE = "settled exactly once"
    RIGHT_ENDING = "ending right for that step"
    CLOSED = "upstream closed"
    IN_TIME = "upstream told in time"
    CLOSED_FIRST = "closed before it is settled"
    NOTHING_LEFT = "nothing left behind"
    PREFIX = "the client got what the upstream sent"
    WHOLE = "complete only if it is whole"
    STORE = "replay store holds nothing incomplete"
    NO_FAULT = "no internal error"
    NO_KEY = "no key in logs or rows"


@dataclass(frozen=True, slots=True)
class Breach:
    """An invariant that was broken, and how."""

    invariant: Invariant
    words: str


@dataclass(frozen=True, slots=True)
class Facts:
    """A run, with its rows given to those they are about."""

    happened: Happened
    served: Sequence[Served]
    calls: Sequence[Carried]


Check = Callable[[Facts], Iterator[str]]


def breaches(happened: Happened) -> list[Breach]:
    """What was broken in this run."""
    facts = Facts(happened, *pair(happened))
    return [Breach(invariant, words) for invariant, check in CHECKS for words in check(facts)]


def _settled_once(facts: Facts) -> Iterator[str]:
    books = facts.happened.books
    opened = [row.call.id for row in books.opened]
    settled = [row.receipt.opening.id for row in books.calls]
    for call_id in dict.fromkeys((*opened, *settled)):
        if call_id not in opened:
            yield f"call {_short(call_id)} was settled, and had not been opened"
        elif settled.count(call_id) != 1:
            yield f"call {_short(call_id)} was settled {settled.count(call_id)} times"
    exchanges = [row.receipt.opening.id for row in books.exchanges]
    for exchange_id in dict.fromkeys(exchanges):
        if exchanges.count(exchange_id) > 1:
            yield f"exchange {_short(exchange_id)} was settled {exchanges.count(exchange_id)} times"
    requests = sum(visit.asked_at is not None for visit in facts.happened.visits)
    if len(set(exchanges)) != requests:
        yield f"{requests} requests, {len(set(exchanges))} exchanges settled"
    for row in books.exchanges:
        if row.receipt.call_id is not None and row.receipt.call_id not in settled:
            yield f"exchange {_short(row.receipt.opening.id)} names a call that was not settled"


def _right_ending(facts: Facts) -> Iterator[str]:
    for call in facts.calls:
        if call.booked is None:
            continue
        receipt = call.booked.receipt
        right = right_calls(facts.happened, call, receipt.opening)
        if receipt.outcome not in right:
            yield f"the call ended as {receipt.outcome}; {_one_of(right)}"
        if receipt.bytes_in != sum(map(len, call.upstream.taken)):
            yield f"the call is said to have {receipt.bytes_in} bytes; {sum(map(len, call.upstream.taken))} came"
    for served in facts.served:
        if served.booked is None:
            continue
        outcome = served.booked.receipt.outcome
        right_ones = right_deliveries(facts.happened, served)
        if outcome not in right_ones:
            yield f"the delivery to client {served.visit.client} ended as {outcome}; {_one_of(right_ones)}"
        bytes_out, got = served.booked.receipt.bytes_out, served.visit.size_bytes
        if got > bytes_out and served.visit.cut_at is None:
            yield f"client {served.visit.client} is said to have been given {bytes_out} bytes; it got {got}"


def _one_of(right: Iterable[str]) -> str:
    words = " or ".join(sorted(right))
    return f"right would be {words}" if words else "nothing that happened can be the cause"


def _closed(facts: Facts) -> Iterator[str]:
    for call in facts.happened.calls:
        if call.facts.closings != 1:
            yield f"call {call.script_number} was closed {call.facts.closings} times"


def _in_time(facts: Facts) -> Iterator[str]:
    """With its last client gone, a call goes on for no longer than its policy says."""
    allowed_s = outlives_s(facts.happened)
    for call in facts.calls:
        if not call.users:
            continue
        gone_at = max(min(left(visit), _over(visit.over_at)) for visit in call.users)
        if call.closed_at > gone_at + allowed_s:
            late_s = call.closed_at - gone_at
            yield f"the upstream was told {late_s:g} s after the last client had gone; {allowed_s:g} s are allowed"
    for call in facts.calls:
        if call.closed_at > facts.happened.ends_at:
            yield f"the upstream was told {call.closed_at - facts.happened.ends_at:g} s after the server's grace"


def _over(at: float | None) -> float:
    return at if at is not None else math.inf


def _closed_first(facts: Facts) -> Iterator[str]:
    unsettled = len(facts.calls)
    for row in facts.happened.books.calls:
        unsettled -= 1
        if row.connections > max(unsettled, 0):
            yield f"call {_short(row.receipt.opening.id)} was settled while its connection was open"


def _nothing_left(facts: Facts) -> Iterator[str]:
    happened = facts.happened
    if happened.hung:
        yield "it does not end"
    if happened.crash is not None:
        yield f"{type(happened.crash).__name__} came out of the house: {happened.crash}"
    yield from happened.left_over


def _prefix(facts: Facts) -> Iterator[str]:
    """Of a call that was made for it: not of any that there was."""
    for served in facts.served:
        visit, body = served.visit, served.visit.body
        if visit.own_answer or not body:
            continue
        if not any(call.body.startswith(body) for call in answers_to(served, facts.happened)):
            yield f"client {visit.client} got {len(body)} bytes that are no beginning of what the upstream sent for it"


def _whole(facts: Facts) -> Iterator[str]:
    for served in facts.served:
        visit = served.visit
        if not visit.finished or visit.own_answer:
            continue
        if not any(call.ended and call.body == visit.body for call in answers_to(served, facts.happened)):
            yield f"client {visit.client} was given a clean end after {visit.size_bytes} bytes; that was not all"


def _store(facts: Facts) -> Iterator[str]:
    for body in facts.happened.kept:
        if not any(call.ended and call.body == body for call in facts.happened.calls):
            yield f"an answer of {len(body)} bytes is kept, and is not what an upstream has ended"


def _no_fault(facts: Facts) -> Iterator[str]:
    faults = {strike.fault.name for strike in facts.happened.case.strikes[: len(facts.happened.struck)]}
    for record in facts.happened.log:
        if record.levelno >= logging.ERROR and not _documented(record, faults):
            yield f"logged: {_said(record)}"
    for visit in facts.happened.visits:
        documented = "no-settling" in faults and "LedgerError" in _leaves(visit.error)
        if visit.error is not None and not documented:
            yield f"{type(visit.error).__name__} came out of the app: {visit.error}"


def _documented(record: logging.LogRecord, faults: set[str]) -> bool:
    """The line that is to be there when the ledger does what no ledger may."""
    text = record.getMessage()
    if "no-settling" in faults and "could not be settled as" in text:
        return True
    return "no-rows" in faults and "a fault of ours" in text and "LedgerError" in _said(record)


def _said(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    return record.getMessage() + (f" ({type(error).__name__}: {error})" if error is not None else "")


def _leaves(error: BaseException | None) -> str:
    """The name of an error, or the names of those in a group."""
    if isinstance(error, BaseExceptionGroup):
        return " ".join(_leaves(each) for each in error.exceptions)
    return type(error).__name__


def _no_key(facts: Facts) -> Iterator[str]:
    clients = facts.happened.case.story.clients
    keys = {value for client in clients for name, value in client.ask.headers if name.lower() in CREDENTIALS}
    books = facts.happened.books
    logged = "\n".join(map(_said, facts.happened.log)).encode()
    rows = (*books.opened, *(row.receipt for row in books.calls), *(row.receipt for row in books.exchanges))
    booked = msgspec.json.encode(rows)
    for key in keys:
        if key in logged:
            yield "a client's key was logged"
        if key in booked:
            yield "a client's key was booked"


def _short(row_id: str) -> str:
    return row_id[-4:]


CHECKS: tuple[tuple[Invariant, Check], ...] = (
    (Invariant.SETTLED_ONCE, _settled_once),
    (Invariant.RIGHT_ENDING, _right_ending),
    (Invariant.CLOSED, _closed),
    (Invariant.IN_TIME, _in_time),
    (Invariant.CLOSED_FIRST, _closed_first),
    (Invariant.NOTHING_LEFT, _nothing_left),
    (Invariant.PREFIX, _prefix),
    (Invariant.WHOLE, _whole),
    (Invariant.STORE, _store),
    (Invariant.NO_FAULT, _no_fault),
    (Invariant.NO_KEY, _no_key),
)
