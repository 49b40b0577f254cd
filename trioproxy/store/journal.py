"""How SQLite writes: ahead into a log (WAL), so that readers and the writer do not wait for each other."""

from __future__ import annotations

import sqlite3
import time
from typing import Literal

Durability = Literal["normal", "full"]

_WAL_LIMIT_BYTES = 16 * 1024 * 1024
_PAUSE_S = 0.01


def write_ahead(connection: sqlite3.Connection, durability: Durability, *, patience_s: float) -> None:
    """Make the file a WAL one, if it is not yet, and `connection` as durable as asked for.

    Of two that switch a new file at once SQLite lets one fail at once, lest they wait for each other:
    it tries again here, for `patience_s`.

    Raises:
        sqlite3.Error: it cannot be read or written, or is still locked.
    """
    give_up_at = time.monotonic() + patience_s
    while not _switched(connection, last_try=time.monotonic() >= give_up_at):
        time.sleep(_PAUSE_S)
    connection.execute(f"PRAGMA synchronous = {durability}")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")


def _switched(connection: sqlite3.Connection, *, last_try: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if last_try or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
