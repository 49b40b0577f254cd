"""The schema of a SQLite ledger, in numbered steps (`schema/NNNN.sql`).

`PRAGMA user_version` says how many a file has had. All that are missing are applied in
one transaction; two processes that start at once take turns at it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import cache
from importlib import resources

from trioproxy.errors import LedgerError


@cache
def steps() -> tuple[str, ...]:
    """The SQL of every step, in order."""
    folder = resources.files("trioproxy.store") / "schema"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple((folder / name).read_text("utf-8") for name in names)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date; `connection` must be in autocommit mode.

    Raises:
        LedgerError: a newer version of trioproxy has written this file.
        sqlite3.Error: it cannot be read or written; nothing is changed.
    """
    if version_of(connection) == len(steps()):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in steps()[version_of(connection) :]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(steps())}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def version_of(connection: sqlite3.Connection) -> int:
    """How many steps this file has had.

    Raises:
        LedgerError: more than this version of trioproxy knows.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(steps()):
        raise LedgerError(
            f"it was written by a newer version of trioproxy (schema {version}, this one knows {len(steps())});"
            " upgrade trioproxy, or name another file in ledger.url"
        )
    return version


def _statements(script: str) -> Iterator[str]:
    # Connection.executescript() would commit the transaction that keeps the steps together.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
