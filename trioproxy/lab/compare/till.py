"""How rows get into the ledger: put into a queue, or committed where the call ends, in three manners.

    receipt ─▶ settle ─▶ [ commit_s ] ─▶ row

`settle` awaits nothing if it enqueues: what comes then is the writer's, and is not looked at here.
A commit takes `commit_s`, as one over a network does, and can be cancelled until it is over: then there is no row.
"""

# ruff: noqa: TID251 - the shield is the axis

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import trio

from trioproxy.lab.compare.semantics import Manner, Settle
from trioproxy.model import CallReceipt, ExchangeReceipt
from trioproxy.phases import COMMIT_PATIENCE_S
from trioproxy.store.base import Ledger, Opening

Receipt = CallReceipt | ExchangeReceipt
# Awaited before the first byte goes upstream.
Permission = Callable[[], Awaitable[None]]


class Till(Protocol):
    """Where a variant books."""

    async def begin(self, opening: Opening) -> Permission:
        """Have both rows written. Where this is cancelled, there are none.

        Raises:
            LedgerError: they cannot be.
        """
        ...

    async def settle(self, *receipts: Receipt) -> None:
        """Book the ends of things."""
        ...


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Settling is a plain function call; nothing can come between."""

    ledger: Ledger

    async def begin(self, opening: Opening) -> Permission:
        """See Till.begin: enqueued now; that they are durable is waited for later, and not for long."""
        return partial(self._durable, self.ledger.open(opening.exchange, opening.call))

    async def _durable(self, durable: trio.Event) -> None:
        with trio.move_on_after(COMMIT_PATIENCE_S) as patience:
            await durable.wait()
        if patience.cancelled_caught:
            self.ledger.went_on_without()

    async def settle(self, *receipts: Receipt) -> None:
        """See Till.settle."""
        book(self.ledger, receipts)


@dataclass(frozen=True, slots=True)
class Unshielded:
    """The end waits for its commit; what cancels the one cancels the other."""

    ledger: Ledger
    commit_s: float

    async def begin(self, opening: Opening) -> Permission:
        """See Till.begin."""
        return await _open(self.ledger, opening, self.commit_s)

    async def settle(self, *receipts: Receipt) -> None:
        """See Till.settle."""
        await trio.sleep(self.commit_s)
        book(self.ledger, receipts)


@dataclass(frozen=True, slots=True)
class Shielded:
    """The end waits for its commit, whatever cancels it, up to a deadline."""

    ledger: Ledger
    commit_s: float
    deadline_s: float

    async def begin(self, opening: Opening) -> Permission:
        """See Till.begin."""
        return await _open(self.ledger, opening, self.commit_s)

    async def settle(self, *receipts: Receipt) -> None:
        """See Till.settle."""
        with trio.move_on_after(self.deadline_s, shield=True):
            await trio.sleep(self.commit_s)
            book(self.ledger, receipts)


async def _open(ledger: Ledger, opening: Opening, commit_s: float) -> Permission:
    await trio.sleep(commit_s)
    ledger.open(opening.exchange, opening.call)
    return trio.lowlevel.checkpoint


def till(settle: Settle, ledger: Ledger, commit_s: float) -> Till:
    """As the axis says."""
    made: Mapping[Manner, Till] = {
        Manner.ENQUEUE: Enqueue(ledger),
        Manner.UNSHIELDED: Unshielded(ledger, commit_s),
        Manner.SHIELDED: Shielded(ledger, commit_s, settle.deadline_s),
    }
    return made[settle.manner]


def book(ledger: Ledger, receipts: tuple[Receipt, ...]) -> None:
    """Write them."""
    for receipt in receipts:
        if isinstance(receipt, CallReceipt):
            ledger.settle_call(receipt)
        else:
            ledger.settle_exchange(receipt)
