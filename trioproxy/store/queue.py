"""Rows that wait to be committed: bounded, and clear about what is given up when they are too many.

Openings go first, oldest first, because their receipts repeat them: nothing is lost but the
trace of a call that a crash cuts short. Then the oldest receipts go, and each is counted.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import trio

from trioproxy.model import CallReceipt, ExchangeReceipt
from trioproxy.store.base import Opening, Row

log = logging.getLogger("trioproxy")


@dataclass(slots=True)
class Batch:
    """Rows that are committed together, and the events to set once they are."""

    rows: list[Row] = field(default_factory=list)
    durable: list[trio.Event] = field(default_factory=list)


class RowQueue:
    """At most `max_rows` rows; `dropped` counts the receipts that were given up."""

    def __init__(self, max_rows: int) -> None:
        self.dropped = 0
        self._max_rows = max_rows
        self._openings: deque[tuple[Opening, trio.Event]] = deque()
        self._receipts: deque[CallReceipt | ExchangeReceipt] = deque()

    def __len__(self) -> int:
        return len(self._openings) + len(self._receipts)

    def __iter__(self) -> Iterator[Row]:
        for opening, _ in self._openings:
            yield opening
        yield from self._receipts

    @property
    def urgent(self) -> bool:
        """Somebody waits for a row to be durable."""
        return bool(self._openings)

    def put_opening(self, opening: Opening) -> trio.Event:
        """Enqueue; the event is the one to set once it is durable."""
        durable = trio.Event()
        self._openings.append((opening, durable))
        self._trim()
        return durable

    def put_receipt(self, receipt: CallReceipt | ExchangeReceipt) -> None:
        """Enqueue the end of a call or of an exchange."""
        self._receipts.append(receipt)
        self._trim()

    def take(self, max_rows: int) -> Batch:
        """Remove and return the next rows, openings first: what the order is does not matter to an engine."""
        batch = Batch()
        while self._openings and len(batch.rows) < max_rows:
            opening, durable = self._openings.popleft()
            batch.rows.append(opening)
            batch.durable.append(durable)
        while self._receipts and len(batch.rows) < max_rows:
            batch.rows.append(self._receipts.popleft())
        return batch

    def _trim(self) -> None:
        while len(self) > self._max_rows:
            if self._openings:
                self._openings.popleft()
            else:
                self._receipts.popleft()
                if not self.dropped:
                    log.error("[ledger] more than %d rows wait: the oldest are dropped", self._max_rows)
                self.dropped += 1


def counted(rows: Iterator[Row] | list[Row]) -> str:
    """How many rows of which kind, for a log line: `2 open calls, 1 ended call`."""
    kinds = {Opening: "open call", CallReceipt: "ended call", ExchangeReceipt: "ended exchange"}
    numbers = Counter(kinds[type(row)] for row in rows)
    return ", ".join(f"{number} {kind}{'s' * (number > 1)}" for kind, number in sorted(numbers.items())) or "no rows"
