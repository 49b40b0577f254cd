"""Each invariant is found broken where it is: a good run is tampered with afterwards."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
from support.exploring import play_one

from trioproxy.errors import LedgerError
from trioproxy.lab.explore.invariants import Invariant, breaches
from trioproxy.lab.explore.scenarios import KEY, SCENARIOS
from trioproxy.lab.explore.stage import Happened
from trioproxy.model import CallOutcome, ExchangeOutcome


def call_lost(happened: Happened) -> None:
    happened.books.calls.clear()


def call_twice(happened: Happened) -> None:
    happened.books.calls *= 2


def call_not_opened(happened: Happened) -> None:
    happened.books.opened.clear()


def exchange_lost(happened: Happened) -> None:
    happened.books.exchanges.clear()


def exchange_twice(happened: Happened) -> None:
    happened.books.exchanges *= 2


def wrong_call(happened: Happened) -> None:
    [row] = happened.books.calls
    happened.books.calls[:] = [replace(row, receipt=replace(row.receipt, outcome=CallOutcome.ABANDONED))]


def wrong_bytes(happened: Happened) -> None:
    [row] = happened.books.calls
    happened.books.calls[:] = [replace(row, receipt=replace(row.receipt, bytes_in=7))]


def wrong_delivery(happened: Happened) -> None:
    [row] = happened.books.exchanges
    receipt = replace(row.receipt, outcome=ExchangeOutcome.CLIENT_LEFT)
    happened.books.exchanges[:] = [replace(row, receipt=receipt)]


def fewer_bytes_out(happened: Happened) -> None:
    [row] = happened.books.exchanges
    happened.books.exchanges[:] = [replace(row, receipt=replace(row.receipt, bytes_out=7))]


def never_closed(happened: Happened) -> None:
    happened.calls[0].facts.closings = 0


def closed_late(happened: Happened) -> None:
    happened.calls[0].facts.closed_at = 99.0


def settled_early(happened: Happened) -> None:
    [row] = happened.books.calls
    happened.books.calls[:] = [replace(row, connections=1)]


def hung(happened: Happened) -> None:
    happened.hung = True


def crashed(happened: Happened) -> None:
    happened.crash = LookupError("it fell")


def left_behind(happened: Happened) -> None:
    happened.left_over.append("a seat")


def other_bytes(happened: Happened) -> None:
    happened.visits[0].pieces[:] = [b"something else"]
    happened.visits[0].finished = False
    happened.visits[0].ended = True


def clean_end_too_early(happened: Happened) -> None:
    happened.visits[0].pieces.pop()


def half_an_answer_kept(happened: Happened) -> None:
    happened.kept = [b"half"]


def logged(text: str, level: int = logging.ERROR) -> Callable[[Happened], None]:
    def tamper(happened: Happened) -> None:
        happened.log.append(logging.LogRecord("trioproxy", level, "", 0, text, (), None))

    return tamper


def came_out(happened: Happened) -> None:
    happened.visits[0].error = ExceptionGroup("", [LedgerError("x")])


def key_booked(happened: Happened) -> None:
    [row] = happened.books.calls
    happened.books.calls[:] = [replace(row, receipt=replace(row.receipt, error=f"no: {KEY.decode()}"))]


TAMPERED: dict[Callable[[Happened], None], Invariant] = {
    call_lost: Invariant.SETTLED_ONCE,
    call_twice: Invariant.SETTLED_ONCE,
    call_not_opened: Invariant.SETTLED_ONCE,
    exchange_lost: Invariant.SETTLED_ONCE,
    exchange_twice: Invariant.SETTLED_ONCE,
    wrong_call: Invariant.RIGHT_ENDING,
    wrong_bytes: Invariant.RIGHT_ENDING,
    wrong_delivery: Invariant.RIGHT_ENDING,
    fewer_bytes_out: Invariant.RIGHT_ENDING,
    never_closed: Invariant.CLOSED,
    closed_late: Invariant.IN_TIME,
    settled_early: Invariant.CLOSED_FIRST,
    hung: Invariant.NOTHING_LEFT,
    crashed: Invariant.NOTHING_LEFT,
    left_behind: Invariant.NOTHING_LEFT,
    other_bytes: Invariant.PREFIX,
    clean_end_too_early: Invariant.WHOLE,
    half_an_answer_kept: Invariant.STORE,
    logged("a fault of ours"): Invariant.NO_FAULT,
    came_out: Invariant.NO_FAULT,
    logged(f"x-api-key: {KEY.decode()}", logging.INFO): Invariant.NO_KEY,
    key_booked: Invariant.NO_KEY,
}


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda tamper: tamper.__name__)
def test_what_is_broken_is_found(tamper: Callable[[Happened], None]) -> None:
    happened = play_one("paced")
    assert breaches(happened) == []

    tamper(happened)

    assert {breach.invariant for breach in breaches(happened)} == {TAMPERED[tamper]}


@pytest.mark.parametrize("name", ["neighbours", "strangers"])
def test_nobody_is_given_what_was_sent_to_another(name: str) -> None:
    happened = play_one(name)
    one, other = happened.visits
    one.pieces, other.pieces = other.pieces, one.pieces

    assert {breach.invariant for breach in breaches(happened)} >= {Invariant.PREFIX, Invariant.WHOLE}


def test_an_answer_is_judged_by_what_was_asked_for_and_not_by_the_row_alone() -> None:
    """The row says that the second was served by the call of the first; that is just what must not be."""
    happened = play_one("neighbours")
    one, other = happened.visits
    other.pieces = one.pieces
    rows = happened.books.exchanges
    rows[1] = replace(rows[1], receipt=replace(rows[1].receipt, call_id=rows[0].receipt.call_id))

    assert Invariant.PREFIX in {breach.invariant for breach in breaches(happened)}


def test_each_invariant_can_be_broken() -> None:
    assert set(TAMPERED.values()) == set(Invariant)


def test_what_the_ledgers_fault_may_log_is_that_line_alone() -> None:
    happened = play_one("stream", ("no-rows", 0))
    assert breaches(happened) == []

    logged("exchange x: a fault of ours")(happened)

    assert [breach.invariant for breach in breaches(happened)] == [Invariant.NO_FAULT]


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_broken_by_itself(name: str) -> None:
    assert breaches(play_one(name)) == []
