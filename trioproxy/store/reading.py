"""The ledger for people and programs: queries over a read-only connection.

It never creates, migrates or locks anything, so it may run next to any number of
writers. Rows are dicts by column name; times are UTC, ISO 8601 with microseconds.
"""
# ruff: noqa: S608  # queries are put together from this file's own words; values are bound

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import quote

from trioproxy.errors import LedgerError
from trioproxy.store.columns import Value, timestamp
from trioproxy.store.location import ledger_path
from trioproxy.store.migrations import steps, version_of
from trioproxy.store.summing import Grouping, sums_query

Record = dict[str, Value]
Table = Literal["requests", "calls", "exchanges"]

_PATIENCE_S = 5.0
# The last part is what was served by a call that still runs, as the index `exchanges_shared` finds it.
_OPEN_IDS = """
    SELECT id FROM exchanges WHERE ended_at IS NULL
    UNION SELECT exchange_id AS id FROM calls WHERE ended_at IS NULL
    UNION SELECT e.id FROM calls AS c JOIN exchanges AS e ON e.call_id = c.id
    WHERE c.ended_at IS NULL AND e.served_by IN ('joined', 'replayed')
"""
_NEW = "SELECT e.rowid AS seen, r.* FROM exchanges AS e JOIN requests AS r ON r.id = e.id WHERE e.rowid > ?"


def open_reader(url: str) -> Reader:
    """A Reader of the ledger at `url`.

    Raises:
        LedgerError: there is none, it is not a ledger, or it cannot be read; the message says which.
    """
    path = ledger_path(url)
    if path is None:
        raise LedgerError("a ledger in memory cannot be read from outside its process; set ledger.url to a file")
    if not path.is_file():
        raise LedgerError(f"there is no ledger at {path}: nothing has been recorded yet, or ledger.url names another")
    return Reader(path)


class Reader:
    """Queries over the ledger file at `path`. Blocking; close it at the end, or use it in a `with`.

    Every method raises LedgerError when the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._explained():
            self._connection = self._connect()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Idempotent."""
        self._connection.close()

    def requests(
        self, *, limit: int | None = None, since: datetime | None = None, owner: str | None = None
    ) -> list[Record]:
        """The last `limit` rows of the view `requests`, newest last, of those that started at `since` or later."""
        where, values = _where(since, owner)
        query = f"SELECT * FROM requests {where} ORDER BY started_at DESC, id DESC LIMIT ?"
        return self._all(query, (*values, -1 if limit is None else limit))[::-1]

    def sums(
        self, by: Grouping | None = None, *, since: datetime | None = None, owner: str | None = None
    ) -> list[Record]:
        """One row a group, in its column `name`, most expensive first (days in order); without `by`, one row for all.

        `unpriced` counts the requests whose cost is not known, `estimated` those whose usage was not reported in
        full; `day` is a local one. `savings` is a JSON list: see store/summing.py.
        """
        where, values = _where(since, owner)
        return self._all(sums_query(by, where), values)

    def export(self, table: Table = "requests", *, since: datetime | None = None) -> Generator[Record, None, None]:
        """Every row with all columns, oldest first; one at a time, however many there are.

        Whoever stops before the end closes it, and before the reader.
        """
        if table not in get_args(Table):
            raise LedgerError(f"there is no table {table!r}; expected one of {', '.join(get_args(Table))}")
        where, values = _where(since, None)
        with self._explained():
            yield from self._connection.execute(f"SELECT * FROM {table} {where} ORDER BY started_at, id", values)

    def column_names(self, table: Table = "requests") -> list[str]:
        """The columns of `table`, in the order of `export`."""
        with self._explained():
            return [column[0] for column in self._connection.execute(f"SELECT * FROM {table} LIMIT 0").description]

    def follow(self) -> Follower:
        """What changes from now on."""
        return Follower(self)

    def _all(self, query: str, values: Sequence[Value] = ()) -> list[Record]:
        with self._explained():
            return self._connection.execute(query, values).fetchall()

    def _connect(self) -> sqlite3.Connection:
        try:
            return _opened(self._path, "mode=ro")
        except sqlite3.OperationalError:
            # In a folder that is read-only SQLite needs to be told that nobody is writing.
            if self._path.with_name(self._path.name + "-wal").exists():
                raise
            return _opened(self._path, "immutable=1")

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except LedgerError as error:
            raise LedgerError(f"the ledger {self._path} cannot be read: {error.message}") from error
        except sqlite3.Error as error:
            raise LedgerError(f"the ledger {self._path} cannot be read: {error}") from error


class Follower:
    """Rows of the view `requests` that are new or were settled since the last look."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        last = reader._all("SELECT max(rowid) AS last FROM exchanges")[0]["last"]
        self._last = last if isinstance(last, int) else 0
        self._open = {str(row["id"]) for row in reader._all(_OPEN_IDS)}

    def look(self) -> list[Record]:
        """In the order in which they started; an open row comes once when it is new and once when it is settled.

        A row is settled when both its delivery and its call are.
        """
        new = self._reader._all(_NEW, (self._last,))
        open_before = sorted(self._open.difference(str(row["id"]) for row in new))
        again = [row for id_ in open_before for row in self._request(id_) if _settled(row)]
        self._open.difference_update(str(row["id"]) for row in again)
        for row in new:
            seen = row.pop("seen")
            assert isinstance(seen, int)
            self._last = max(self._last, seen)
            (self._open.discard if _settled(row) else self._open.add)(str(row["id"]))
        return sorted(again + new, key=lambda row: (str(row["started_at"]), str(row["id"])))

    def _request(self, id_: str) -> list[Record]:
        return self._reader._all("SELECT * FROM requests WHERE id = ?", (id_,))


def _settled(row: Record) -> bool:
    return row["ended_at"] is not None and (row["call_id"] is None or row["call_outcome"] is not None)


def _opened(path: Path, option: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path))}?{option}", uri=True, timeout=_PATIENCE_S)
    try:
        _check(version_of(connection))
    except BaseException:
        connection.close()
        raise
    connection.row_factory = _as_dict
    return connection


def _check(version: int) -> None:
    if version == 0:
        raise LedgerError("it is not a ledger")
    if version < len(steps()):
        raise LedgerError("it was written by an older version of trioproxy; start the proxy on it once")


def _as_dict(cursor: sqlite3.Cursor, row: tuple[Value, ...]) -> Record:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def _where(since: datetime | None, owner: str | None) -> tuple[str, tuple[Value, ...]]:
    conditions: list[str] = []
    values: list[Value] = []
    if since is not None:
        conditions.append("started_at >= ?")
        values.append(timestamp(since.astimezone(UTC).timestamp()))
    if owner is not None:
        conditions.append("owner = ?")
        values.append(owner)
    return (f"WHERE {' AND '.join(conditions)}" if conditions else ""), tuple(values)
