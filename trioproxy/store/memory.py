"""An engine whose ledger lives in memory: for `sqlite://`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from trioproxy.errors import LedgerError
from trioproxy.model import CallOutcome, CallReceipt, ExchangeOutcome
from trioproxy.store import columns
from trioproxy.store.base import Opening, Pricing, Row
from trioproxy.store.columns import Value

Record = dict[str, Value]


@dataclass(slots=True)
class Tables:
    """What a file is to SQLite: rows by id, and the owners that are connected."""

    calls: dict[str, Record] = field(default_factory=dict)
    exchanges: dict[str, Record] = field(default_factory=dict)
    owners: set[str] = field(default_factory=set)


class MemoryEngine:
    """An Engine over `tables`; several may share them, each with its own `owner`."""

    def __init__(self, tables: Tables, *, owner: str, price: Pricing, now: Callable[[], float]) -> None:
        self._tables = tables
        self._owner = owner
        self._price = price
        self._now = now

    def connect(self) -> None:
        """See Engine.connect."""
        if self._owner in self._tables.owners:
            raise LedgerError(f"the rows of owner {self._owner} are in use")
        self._tables.owners.add(self._owner)

    def recover(self) -> int:
        """See Engine.recover."""
        ended = {"ended_at": columns.timestamp(self._now()), "error": columns.CRASHED_ERROR}
        unread = {"stop_reason": "incomplete", "usage_source": "none"}
        calls = self._orphans(self._tables.calls)
        for call in calls:
            call.update(ended, outcome=str(CallOutcome.CRASHED), **unread)
        for exchange in self._orphans(self._tables.exchanges):
            exchange.update(ended, outcome=str(ExchangeOutcome.CRASHED))
        return len(calls)

    def write(self, rows: Sequence[Row]) -> None:
        """See Engine.write."""
        for row in rows:
            if isinstance(row, Opening):
                self._open(row)
            elif isinstance(row, CallReceipt):
                call = columns.call_settled(row, self._owner, self._price)
                settled = _record(columns.CALL_OPENING + columns.CALL_SETTLING, call)
                _settle(self._tables.calls, settled, (*columns.CALL_SETTLING, "policy"))
            else:
                exchange = columns.exchange_settled(row, self._owner)
                settled = _record(columns.EXCHANGE_OPENING + columns.EXCHANGE_SETTLING, exchange)
                _settle(self._tables.exchanges, settled, (*columns.EXCHANGE_SETTLING, "served_by", "call_id"))

    def disconnect(self) -> None:
        """See Engine.disconnect."""
        self._tables.owners.discard(self._owner)

    def _open(self, opening: Opening) -> None:
        call = _record(columns.CALL_OPENING, columns.call_opened(opening.call, self._owner))
        self._tables.calls.setdefault(opening.call.id, call)
        exchange = _record(columns.EXCHANGE_OPENING, columns.exchange_opened(opening, self._owner))
        there = self._tables.exchanges.setdefault(opening.exchange.id, exchange)
        there["call_id"] = there["call_id"] or opening.call.id

    def _orphans(self, table: dict[str, Record]) -> list[Record]:
        return [row for row in table.values() if "ended_at" not in row and row["owner"] not in self._tables.owners]


def _record(names: tuple[str, ...], values: columns.Values) -> Record:
    return dict(zip(names, map(columns.storable, values), strict=True))


def _settle(table: dict[str, Record], row: Record, names: tuple[str, ...]) -> None:
    there = table.get(str(row["id"]))
    if there is None:
        table[str(row["id"])] = row
    elif there.get("outcome") in {None, "crashed"}:
        # A call that is not named stays the one that was opened.
        there.update({name: row[name] for name in names if name != "call_id" or row[name] is not None})
