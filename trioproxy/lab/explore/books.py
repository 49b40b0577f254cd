"""A ledger in memory that keeps every attempt to write, in order, and can be made to fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

import trio

from trioproxy.errors import LedgerError
from trioproxy.model import CallOpening, CallReceipt, ExchangeOpening, ExchangeReceipt
from trioproxy.store.base import LedgerHealth, Opening

Receipt = TypeVar("Receipt", CallReceipt, ExchangeReceipt)


class Outage(StrEnum):
    """What a ledger does not do any more."""

    OPENING = "opening"
    SETTLING = "settling"
    # Rows are taken, and never durable.
    COMMITTING = "committing"


@dataclass(frozen=True, slots=True)
class Booked(Generic[Receipt]):
    """An end as it was booked.

    Args:
        connections: how many were open to the upstream at that moment.
        by: the task that did it.
    """

    receipt: Receipt
    connections: int
    by: trio.lowlevel.Task


class Books:
    """Implements `store.base.Ledger`. Every row is durable at once, unless the writer is out of order.

    Args:
        connections: how many connections to the upstream are open now.
        told: called after each row with what it is, for a timeline.
    """

    def __init__(self, connections: Callable[[], int], told: Callable[[Opening | CallReceipt | ExchangeReceipt], None]):
        self.opened: list[Opening] = []
        self.calls: list[Booked[CallReceipt]] = []
        self.exchanges: list[Booked[ExchangeReceipt]] = []
        self.late = 0
        self.out_of_order: set[Outage] = set()
        self._connections = connections
        self._told = told

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """See `Ledger.run`: there is nothing to be written."""
        task_status.started()

    def open(self, exchange: ExchangeOpening, call: CallOpening) -> trio.Event:
        """See `Ledger.open`.

        Raises:
            LedgerError: it is out of order, which no ledger says here; the lab does.
        """
        if Outage.OPENING in self.out_of_order:
            raise LedgerError("the lab's ledger takes no row")
        opening = Opening(exchange, call)
        self.opened.append(opening)
        self._told(opening)
        durable = trio.Event()
        if Outage.COMMITTING not in self.out_of_order:
            durable.set()
        return durable

    def settle_call(self, receipt: CallReceipt) -> None:
        """See `Ledger.settle_call`. Raises LedgerError as `open` does, after it has noted the attempt."""
        self.calls.append(Booked(receipt, self._connections(), trio.lowlevel.current_task()))
        self._told(receipt)
        self._or_fail()

    def settle_exchange(self, receipt: ExchangeReceipt) -> None:
        """See `Ledger.settle_exchange`. Raises LedgerError as `open` does, after it has noted the attempt."""
        self.exchanges.append(Booked(receipt, self._connections(), trio.lowlevel.current_task()))
        self._told(receipt)
        self._or_fail()

    def _or_fail(self) -> None:
        if Outage.SETTLING in self.out_of_order:
            raise LedgerError("the lab's ledger settles no row")

    def went_on_without(self) -> None:
        """See `Ledger.went_on_without`."""
        self.late += 1

    def health(self) -> LedgerHealth:
        """See `Ledger.health`."""
        return LedgerHealth(ok=not self.out_of_order, late=self.late)

    def close(self) -> None:
        """See `Ledger.close`."""
