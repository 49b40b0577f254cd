"""The ledger for tests of what fills one."""

from __future__ import annotations

from support.ledger import MemoryLedger
from support.rows import call_receipt, exchange_receipt, opening
from trioproxy.store.base import Ledger


async def test_it_keeps_what_it_is_told_in_order(nursery):
    kept = MemoryLedger()
    ledger: Ledger = kept
    await nursery.start(ledger.run)
    assert ledger.open(opening().exchange, opening().call).is_set()
    ledger.settle_exchange(exchange_receipt())
    ledger.settle_call(call_receipt())
    ledger.went_on_without()
    assert (kept.opened, kept.calls, kept.exchanges) == ([opening()], [call_receipt()], [exchange_receipt()])
    assert (ledger.health().ok, ledger.health().late, ledger.health().waiting) == (True, 1, 0)
    assert nursery.child_tasks
    ledger.close()
