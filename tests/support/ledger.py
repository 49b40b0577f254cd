"""A ledger for tests of what fills one."""

from __future__ import annotations

import trio

from trioproxy.model import CallOpening, CallReceipt, ExchangeOpening, ExchangeReceipt
from trioproxy.store.base import LedgerHealth, Opening


class MemoryLedger:
    """A Ledger without a writer: every row is durable at once, and kept as it came, in order."""

    def __init__(self) -> None:
        self.opened: list[Opening] = []
        self.calls: list[CallReceipt] = []
        self.exchanges: list[ExchangeReceipt] = []
        self.late = 0
        self._closed = trio.Event()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """See Ledger.run."""
        task_status.started()
        await self._closed.wait()

    def open(self, exchange: ExchangeOpening, call: CallOpening) -> trio.Event:
        """See Ledger.open."""
        self.opened.append(Opening(exchange, call))
        durable = trio.Event()
        durable.set()
        return durable

    def settle_call(self, receipt: CallReceipt) -> None:
        """See Ledger.settle_call."""
        self.calls.append(receipt)

    def settle_exchange(self, receipt: ExchangeReceipt) -> None:
        """See Ledger.settle_exchange."""
        self.exchanges.append(receipt)

    def went_on_without(self) -> None:
        """See Ledger.went_on_without."""
        self.late += 1

    def health(self) -> LedgerHealth:
        """See Ledger.health."""
        return LedgerHealth(ok=True, late=self.late)

    def close(self) -> None:
        """See Ledger.close."""
        self._closed.set()
