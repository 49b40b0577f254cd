"""Which files can be read, and what is said of those that cannot."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from support.rows import call_receipt, exchange_receipt, opening, price

from trioproxy.errors import LedgerError
from trioproxy.store.reading import open_reader
from trioproxy.store.sqlite import SqliteEngine

WHOLE = [opening(), call_receipt(), exchange_receipt()]


def ids(rows):
    return [row["id"] for row in rows]


def test_there_is_none_yet(tmp_path):
    with pytest.raises(LedgerError, match=r"there is no ledger at .*none\.db: nothing has been recorded yet"):
        open_reader(f"sqlite:///{tmp_path}/none.db")
    assert list(tmp_path.iterdir()) == []


def test_one_in_memory_cannot_be_read():
    with pytest.raises(LedgerError, match="in memory"):
        open_reader("sqlite://")


@pytest.mark.parametrize(
    ("version", "why"), [(0, "it is not a ledger"), (99, "newer version of trioproxy")], ids=["foreign", "newer"]
)
def test_what_it_cannot_read(tmp_path, version, why):
    with closing(sqlite3.connect(tmp_path / "l.db")) as connection:
        connection.execute("CREATE TABLE calls (id TEXT)")
        connection.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(LedgerError, match=why):
        open_reader(f"sqlite:///{tmp_path}/l.db")


def test_an_older_ledger_is_left_alone(sqlite_bench, monkeypatch):
    sqlite_bench.engine().connect()
    monkeypatch.setattr("trioproxy.store.reading.steps", lambda: ("one",) * 99)
    with pytest.raises(LedgerError, match="older version of trioproxy; start the proxy on it once"):
        open_reader(f"sqlite:///{sqlite_bench.path}")


def test_not_a_database(tmp_path):
    (tmp_path / "l.db").write_bytes(b"something else entirely" * 100)
    with pytest.raises(LedgerError, match=r"l\.db cannot be read: file is not a database"):
        open_reader(f"sqlite:///{tmp_path}/l.db")


def test_a_ledger_nobody_has_open_and_one_with_a_strange_name(tmp_path):
    path = tmp_path / "a ?#%20b.db"
    engine = SqliteEngine(path, owner="me", price=price)
    engine.write(WHOLE)
    engine.disconnect()
    with pytest.raises(LedgerError):
        open_reader(f"sqlite:///{path}")  # `?` would be taken for options
    plain = tmp_path / "a#%20b.db"
    path.rename(plain)
    with open_reader(f"sqlite:///{plain}") as reader:
        assert ids(reader.requests()) == ["x1"]


@pytest.fixture
def locked_folder():
    """Make a folder read-only and be somebody whom that stops (not root), then undo it."""
    changed = []

    def lock(folder):
        changed.append(folder)
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)
        if os.geteuid() == 0:
            os.seteuid(65534)

    yield lock
    if os.getuid() == 0:
        os.seteuid(0)
    for folder in changed:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_ledger_in_a_folder_that_is_read_only(locked_folder):
    folder = Path(tempfile.mkdtemp())  # not below tmp_path, which is private to its owner
    engine = SqliteEngine(folder / "ledger.db", owner="me", price=price)
    engine.write(WHOLE)
    engine.disconnect()
    (folder / "ledger.db.owners").rmdir()
    locked_folder(folder)
    with open_reader(f"sqlite:///{folder}/ledger.db") as reader:
        assert ids(reader.requests()) == ["x1"]


def test_an_unfinished_log_in_a_folder_that_is_read_only_is_not_passed_over(sqlite_bench, locked_folder):
    sqlite_bench.engine().write(WHOLE)
    folder = Path(tempfile.mkdtemp())
    for name in ("ledger.db", "ledger.db-wal"):
        shutil.copy(sqlite_bench.path.parent / name, folder)
    locked_folder(folder)
    with pytest.raises(LedgerError, match="cannot be read: unable to open database file"):
        open_reader(f"sqlite:///{folder}/ledger.db")
