"""The switch to WAL, also of two processes at once."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing

import pytest

from trioproxy.store.journal import write_ahead


def opened(path):
    return closing(sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False))


@pytest.fixture
def busy(tmp_path):
    """A file that somebody else is writing, in the mode it was created in."""
    with opened(tmp_path / "l.db") as other:
        other.execute("CREATE TABLE calls (id TEXT)")
        other.execute("BEGIN IMMEDIATE")
        yield other


def test_it_waits_for_whoever_is_at_it(tmp_path, busy):
    release = threading.Timer(0.05, lambda: busy.execute("COMMIT"))
    release.start()
    with opened(tmp_path / "l.db") as connection:
        write_ahead(connection, "full", patience_s=10)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    release.join()


def test_but_not_for_ever(tmp_path, busy):
    began = time.monotonic()
    with opened(tmp_path / "l.db") as connection, pytest.raises(sqlite3.OperationalError, match="locked"):
        write_ahead(connection, "normal", patience_s=0.05)
    assert 0.05 <= time.monotonic() - began < 5


def test_what_waiting_does_not_cure_is_told_at_once(tmp_path):
    (tmp_path / "l.db").write_bytes(b"something else entirely" * 100)
    with opened(tmp_path / "l.db") as connection, pytest.raises(sqlite3.DatabaseError, match="not a database"):
        write_ahead(connection, "normal", patience_s=60)
