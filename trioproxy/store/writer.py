"""The writer: one task that commits rows in groups, in a thread, so that nobody waits for a disk.

    open, settle_*  ─▶  RowQueue  ─▶  run: group, commit in a thread  ─▶  events of the openings

An opening is committed at once, with whatever came during the commit before it; receipts
alone wait up to `linger_s` for company. While the ledger cannot be written the rows wait
and the writer keeps trying (docs/adr/0006).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Protocol

import trio

from trioproxy.errors import LedgerError
from trioproxy.model import CallOpening, CallReceipt, ExchangeOpening, ExchangeReceipt
from trioproxy.store.base import Engine, LedgerHealth, Opening
from trioproxy.store.outage import Outage
from trioproxy.store.queue import Batch, RowQueue, counted

log = logging.getLogger("trioproxy")

_MAX_BATCH_ROWS = 1000


class Hop(Protocol):
    """How blocking work gets out of the way of the event loop.

    Cancellation waits for work that has begun, unless `abandon` is set: then it goes on unattended.
    """

    async def __call__(self, work: Callable[[], None], *, abandon: bool = False) -> None:
        """Run `work` in a thread; `abandon`: a cancellation does not wait for it."""
        ...


def threads() -> Hop:
    """A Hop into trio's worker threads, one piece of work at a time."""
    limiter = trio.CapacityLimiter(1)

    async def hop(work: Callable[[], None], *, abandon: bool = False) -> None:
        await trio.to_thread.run_sync(work, limiter=limiter, abandon_on_cancel=abandon)

    return hop


class LedgerWriter:
    """A Ledger over any Engine. Not thread-safe: everything is called in the event loop."""

    def __init__(
        self,
        engine: Engine,
        *,
        max_rows: int = 50_000,
        linger_s: float = 0.02,
        last_try_s: float = 2.0,
        hop: Hop | None = None,
    ) -> None:
        self._engine = engine
        self._linger_s = linger_s
        self._last_try_s = last_try_s
        self._hop = hop or threads()
        self._queue = RowQueue(max_rows)
        self._batch = Batch()  # what is being committed; it stays here until it is
        self._outage = Outage()
        self._late = 0
        self._closed = False
        self._ended = False
        self._any = trio.Event()  # a row has come, or the close
        self._urgent = trio.Event()  # an opening has come, or the close

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """See Ledger.run.

        Cancelled, it lets a commit in flight finish, gives the rest one try of at most `last_try_s`,
        and says in the log what was lost.

        Raises:
            LedgerError: before it has started: the ledger cannot be opened.
        """
        await self._hop(self._engine.connect)
        try:
            await self._hop(self._recover)
            task_status.started()
            while await self._due():
                await self._commit()
        finally:
            # Rows still come in while everything else is being cancelled: the one shielded place, with a deadline.
            deadline = trio.current_time() + self._last_try_s
            with trio.CancelScope(shield=True, deadline=deadline) as scope:  # noqa: TID251
                await self._finish()
            self._ended = True
            self._report_losses(abandoned=scope.cancelled_caught)

    def open(self, exchange: ExchangeOpening, call: CallOpening) -> trio.Event:
        """See Ledger.open."""
        durable = self._queue.put_opening(Opening(exchange, call))
        self._any.set()
        self._urgent.set()
        return durable

    def settle_call(self, receipt: CallReceipt) -> None:
        """See Ledger.settle_call."""
        self._settle(receipt)

    def settle_exchange(self, receipt: ExchangeReceipt) -> None:
        """See Ledger.settle_exchange."""
        self._settle(receipt)

    def went_on_without(self) -> None:
        """See Ledger.went_on_without."""
        self._late += 1

    def health(self) -> LedgerHealth:
        """See Ledger.health; `waiting` and `dropped` count rows."""
        return LedgerHealth(
            ok=self._outage.error is None and not self._ended,
            waiting=self._waiting,
            dropped=self._queue.dropped,
            late=self._late,
            error=self._outage.error,
        )

    def close(self) -> None:
        """See Ledger.close. Rows that come all the same are written as long as `run` is running."""
        self._closed = True
        self._any.set()
        self._urgent.set()

    @property
    def _waiting(self) -> int:
        return len(self._queue) + len(self._batch.rows)

    def _settle(self, receipt: CallReceipt | ExchangeReceipt) -> None:
        self._queue.put_receipt(receipt)
        self._any.set()
        if self._ended:
            log.error("[ledger] is closed: the end of %s is lost", receipt.opening.id)

    def _recover(self) -> None:
        crashed = self._engine.recover()
        if crashed:
            log.warning("[ledger] %d open calls of processes that are gone are now crashed", crashed)

    async def _due(self) -> bool:
        """Wait until a commit is worth its while; False once everything is written and no more will come."""
        if self._batch.rows:
            return True
        while not self._queue:
            if self._closed:
                return False
            self._any = trio.Event()
            await self._any.wait()
        if not self._queue.urgent and not self._closed:
            self._urgent = trio.Event()
            # A scope because it bounds a wait for company; there is no work in it to cancel.
            with trio.move_on_after(self._linger_s):  # noqa: TID251
                await self._urgent.wait()
        return True

    async def _commit(self) -> None:
        """Commit one group; after a failure, pause: the group stays where it is."""
        if not self._batch.rows:
            self._batch = self._queue.take(_MAX_BATCH_ROWS)
        try:
            await self._write_batch()
        except LedgerError as error:
            now = trio.current_time()
            pause_s = self._outage.failed(error.message, now=now, waiting=self._waiting, dropped=self._queue.dropped)
            await trio.sleep(pause_s)

    async def _write_batch(self, *, abandon: bool = False) -> None:
        waiting = self._waiting
        await self._hop(partial(self._engine.write, self._batch.rows), abandon=abandon)
        batch, self._batch = self._batch, Batch()
        for durable in batch.durable:
            durable.set()
        self._outage.over(now=trio.current_time(), waiting=waiting, dropped=self._queue.dropped)

    async def _finish(self) -> None:
        try:
            while self._waiting:
                if not self._batch.rows:
                    self._batch = self._queue.take(_MAX_BATCH_ROWS)
                await self._write_batch(abandon=True)
        except LedgerError as error:
            # The message says it all: where it was raised is no news.
            log.error("[ledger] the last try failed: %s", error.message)  # noqa: TRY400
        await self._hop(self._engine.disconnect, abandon=True)

    def _report_losses(self, *, abandoned: bool) -> None:
        if self._waiting:
            what = counted([*self._batch.rows, *self._queue])
            log.error("[ledger] %s: %s", "perhaps not written" if abandoned else "not written", what)
        if self._queue.dropped:
            log.error(
                "[ledger] %d ends of calls and exchanges were dropped, since too many waited", self._queue.dropped
            )
