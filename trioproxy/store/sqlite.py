"""The ledger in a SQLite file: WAL, one transaction for a group of rows, a lock for each process.

Every method blocks and runs in the writer's thread. After an error that may last the
connection is dropped and made anew at the next write; a file that was removed or replaced
under us is noticed before a transaction, since SQLite would go on writing into the old one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from trioproxy.errors import LedgerError
from trioproxy.model import CallReceipt
from trioproxy.store import columns
from trioproxy.store.base import Opening, Pricing, Row
from trioproxy.store.journal import Durability, write_ahead
from trioproxy.store.location import make_private
from trioproxy.store.migrations import migrate
from trioproxy.store.ownership import Ownership

log = logging.getLogger("trioproxy")

_START_PATIENCE_S = 5.0  # at start another process may be migrating or recovering
_WRITE_PATIENCE_MS = 500  # later the writer comes back by itself: do not hold its thread

# What the driver raises for values, not for the database: they are made storable and tried once more.
_UNSTORABLE = (OverflowError, UnicodeError, sqlite3.InterfaceError, sqlite3.ProgrammingError)


def _insert(table: str, names: tuple[str, ...], conflict: str) -> str:
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT (id) {conflict}"  # noqa: S608


def _settle(table: str, opening: tuple[str, ...], settling: tuple[str, ...], also: str = "") -> str:
    changes = also + ", ".join(f"{name} = excluded.{name}" for name in settling)
    once = f"WHERE {table}.ended_at IS NULL OR {table}.outcome = 'crashed'"
    return _insert(table, opening + settling, f"DO UPDATE SET {changes} {once}")


_OPEN_CALL = _insert("calls", columns.CALL_OPENING, "DO NOTHING")
_OPEN_EXCHANGE = _insert(
    "exchanges",
    columns.EXCHANGE_OPENING,
    "DO UPDATE SET call_id = excluded.call_id WHERE exchanges.call_id IS NULL",
)
_SETTLE_CALL = _settle(
    "calls",
    columns.CALL_OPENING,
    columns.CALL_SETTLING,
    also="policy = excluded.policy, ",  # a bound may have forbidden the one it was opened with
)
_SETTLE_EXCHANGE = _settle(
    "exchanges",
    columns.EXCHANGE_OPENING,
    columns.EXCHANGE_SETTLING,
    also="served_by = excluded.served_by, call_id = coalesce(excluded.call_id, call_id), ",
)
_OPEN_OWNERS = """
    SELECT owner FROM calls WHERE ended_at IS NULL UNION SELECT owner FROM exchanges WHERE ended_at IS NULL
"""
_CRASH_CALLS = """
    UPDATE calls SET ended_at = ?, outcome = 'crashed', stop_reason = 'incomplete', usage_source = 'none', error = ?
    WHERE owner = ? AND ended_at IS NULL
"""
_CRASH_EXCHANGES = """
    UPDATE exchanges SET ended_at = ?, outcome = 'crashed', error = ? WHERE owner = ? AND ended_at IS NULL
"""

Statements = list[tuple[str, list[columns.Values]]]


class SqliteEngine:
    """An Engine over the file `path`; `owner` is this process's id, `now` gives seconds since the epoch."""

    def __init__(
        self,
        path: Path,
        *,
        owner: str,
        price: Pricing,
        durability: Durability = "normal",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._owner = owner
        self._price = price
        self._durability = durability
        self._now = now
        self._ownership = Ownership(path, owner)
        self._connection: sqlite3.Connection | None = None
        self._log_path = path.with_name(path.name + "-wal")
        self._file: os.stat_result | None = None
        self._log: os.stat_result | None = None

    def connect(self) -> None:
        """See Engine.connect."""
        try:
            with self._explained("cannot be opened"):
                self._connect()
        except LedgerError:
            self._ownership.release()
            raise

    def recover(self) -> int:
        """See Engine.recover."""
        with self._explained("cannot be recovered"):
            connection = self._usable()
            for owner in self._ownership.others():
                # A lock file without open rows: its process was killed while it was idle.
                if not self._has_open_rows(connection, owner):
                    with self._ownership.seized(owner):
                        pass
            owners = [row[0] for row in connection.execute(_OPEN_OWNERS) if row[0] != self._owner]
            return sum(self._crash(connection, owner) for owner in owners)

    def write(self, rows: Sequence[Row]) -> None:
        """See Engine.write."""
        statements = self._statements(rows)
        with self._explained("cannot be written"):
            connection = self._usable()
            try:
                _transact(connection, statements)
            except _UNSTORABLE as error:
                log.warning("[ledger] a row holds what SQLite cannot store (%s); it is written without", error)
                cleaned = [(sql, [tuple(map(columns.storable, values)) for values in many]) for sql, many in statements]
                _transact(connection, cleaned)

    def disconnect(self) -> None:
        """See Engine.disconnect."""
        self._drop()
        self._ownership.release()

    def _statements(self, rows: Sequence[Row]) -> Statements:
        calls: list[columns.Values] = []
        exchanges: list[columns.Values] = []
        ended_calls: list[columns.Values] = []
        ended_exchanges: list[columns.Values] = []
        for row in rows:
            if isinstance(row, Opening):
                calls.append(columns.call_opened(row.call, self._owner))
                exchanges.append(columns.exchange_opened(row, self._owner))
            elif isinstance(row, CallReceipt):
                ended_calls.append(columns.call_settled(row, self._owner, self._price))
            else:
                ended_exchanges.append(columns.exchange_settled(row, self._owner))
        return [
            (_OPEN_CALL, calls),
            (_OPEN_EXCHANGE, exchanges),
            (_SETTLE_CALL, ended_calls),
            (_SETTLE_EXCHANGE, ended_exchanges),
        ]

    def _crash(self, connection: sqlite3.Connection, owner: str) -> int:
        with self._ownership.seized(owner) as gone:
            if not gone:
                return 0
            at = columns.timestamp(self._now())
            with _transaction(connection):
                calls = connection.execute(_CRASH_CALLS, (at, columns.CRASHED_ERROR, owner)).rowcount
                connection.execute(_CRASH_EXCHANGES, (at, columns.CRASHED_ERROR, owner))
            return calls

    def _has_open_rows(self, connection: sqlite3.Connection, owner: str) -> bool:
        return connection.execute(f"SELECT 1 FROM ({_OPEN_OWNERS}) WHERE owner = ?", (owner,)).fetchone() is not None  # noqa: S608

    def _usable(self) -> sqlite3.Connection:
        if self._connection is not None and not _is_at(self._path, self._file):
            log.error("[ledger] %s was removed or replaced; it is opened anew", self._path)
            stale = _is_at(self._log_path, self._log)
            self._drop()
            if stale:  # the old file's log would be played into the new file, and ruin it
                self._log_path.unlink(missing_ok=True)
        return self._connection or self._connect()

    def _connect(self) -> sqlite3.Connection:
        make_private(self._path)
        self._ownership.take()
        connection = sqlite3.connect(
            self._path, timeout=_START_PATIENCE_S, isolation_level=None, check_same_thread=False
        )
        try:
            write_ahead(connection, self._durability, patience_s=_START_PATIENCE_S)
            migrate(connection)
            connection.execute(f"PRAGMA busy_timeout = {_WRITE_PATIENCE_MS}")
            self._file, self._log = self._path.stat(), self._log_path.stat()
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):  # closing checkpoints, and that may fail like any write
                connection.close()

    @contextlib.contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Turn what the driver and the system raise into a LedgerError; a lasting one drops the connection."""
        try:
            yield
        except LedgerError as error:
            self._drop()
            raise LedgerError(f"the ledger {self._path} {what}: {error.message}") from error
        except (sqlite3.Error, OSError) as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY:
                self._drop()
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise LedgerError(f"the ledger {self._path} {what}: {reason}") from error


def _is_at(path: Path, file: os.stat_result | None) -> bool:
    try:
        return file is not None and os.path.samestat(file, path.stat())
    except FileNotFoundError:
        return False


def _transact(connection: sqlite3.Connection, statements: Statements) -> None:
    with _transaction(connection):
        for sql, many in statements:
            if many:
                connection.executemany(sql, many)


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
