"""How rows get into the ledger in the middle of a cancellation."""

from __future__ import annotations

import pytest
import trio
from support.ledger import MemoryLedger
from support.stage import OPENING

from trioproxy.lab.compare.semantics import Settle
from trioproxy.lab.compare.till import till
from trioproxy.model import CallOutcome, CallReceipt, ExchangeOpening, Reading
from trioproxy.store.base import Opening

RECEIPT = CallReceipt(OPENING, 1.0, CallOutcome.ABANDONED, 200, Reading(), None, None, 1.0, 0.0, 0, None)
EXCHANGE = ExchangeOpening("exchange-1", 1.0, "anthropic", "POST", "/v1/messages", "1.1", "test", None, None, None)


async def settled_when_cancelled(settle: str, commit_s: float) -> tuple[int, float]:
    """How many rows there are, and how long settling took, where it happens because of a cancellation."""
    ledger = MemoryLedger()
    books = till(Settle.of(settle), ledger, commit_s)
    with trio.CancelScope() as scope:
        try:
            scope.cancel()
            await trio.sleep_forever()
        finally:
            began = trio.current_time()
            await books.settle(RECEIPT)
    return len(ledger.calls), trio.current_time() - began


@pytest.mark.parametrize(
    ("settle", "commit_s", "rows", "took_s"),
    [
        ("enqueue", 1.0, 1, 0.0),
        ("unshielded", 0.02, 0, 0.0),
        ("shielded:0.3", 0.02, 1, 0.02),
        ("shielded:0.3", 1.0, 0, 0.3),
    ],
)
async def test_a_row_in_the_middle_of_a_cancellation(
    settle: str, commit_s: float, rows: int, took_s: float, autojump_clock: trio.testing.MockClock
) -> None:
    found, seconds_s = await settled_when_cancelled(settle, commit_s)

    assert found == rows
    assert seconds_s == pytest.approx(took_s)


@pytest.mark.parametrize(("settle", "at_once"), [("enqueue", True), ("unshielded", False), ("shielded:1", False)])
async def test_rows_are_opened_before_the_first_byte(
    settle: str, at_once: bool, autojump_clock: trio.testing.MockClock
) -> None:
    ledger = MemoryLedger()
    permission = await till(Settle.of(settle), ledger, 0.5).begin(Opening(EXCHANGE, OPENING))

    assert ledger.opened == [Opening(EXCHANGE, OPENING)]
    await permission()
    assert trio.current_time() == (0.0 if at_once else 0.5)


async def test_a_row_that_is_never_durable_is_not_waited_for_for_ever(autojump_clock: trio.testing.MockClock) -> None:
    class Slow(MemoryLedger):
        def open(self, exchange: ExchangeOpening, call: object) -> trio.Event:
            return trio.Event()

    ledger = Slow()
    permission = await till(Settle.of("enqueue"), ledger, 0.5).begin(Opening(EXCHANGE, OPENING))
    await permission()

    assert ledger.late == 1
