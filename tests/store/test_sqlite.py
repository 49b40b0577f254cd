"""What is particular to the SQLite file: its modes, its troubles, and its recovery from them."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing

import pytest
from support.rows import call_receipt, exchange_receipt, opening, price

from trioproxy.errors import LedgerError
from trioproxy.store.sqlite import SqliteEngine


@pytest.fixture
def engine(sqlite_bench):
    engine = sqlite_bench.engine()
    engine.connect()
    return engine


def test_the_ledger_is_private_also_its_log(tmp_path, sqlite_bench):
    engine = SqliteEngine(tmp_path / "new" / "ledger.db", owner="me", price=price)
    sqlite_bench.engines.append(engine)
    engine.connect()
    engine.write([opening()])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert modes == {
        "ledger.db": 0o600,
        "ledger.db-wal": 0o600,
        "ledger.db-shm": 0o600,
        "ledger.db.owners": 0o700,
    }


@pytest.mark.parametrize(("durability", "level"), [("normal", 1), ("full", 2)])
def test_durability_is_sqlite_s_synchronous(tmp_path, durability, level):
    engine = SqliteEngine(tmp_path / "l.db", owner="me", price=price, durability=durability)
    connection = engine._connect()
    try:
        assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    finally:
        engine.disconnect()


def test_it_needs_no_connecting_first(sqlite_bench):
    sqlite_bench.engine().write([opening()])
    assert list(sqlite_bench.rows("calls")) == ["c1"]


def test_all_rows_or_none(sqlite_bench, engine):
    engine.write([opening()])
    with closing(sqlite3.connect(sqlite_bench.path)) as other:
        other.execute("CREATE TRIGGER no BEFORE UPDATE ON exchanges BEGIN SELECT raise(ABORT, 'no'); END")
    with pytest.raises(LedgerError, match="cannot be written: no"):
        engine.write([opening(2), call_receipt(), exchange_receipt()])
    assert list(sqlite_bench.rows("calls")) == ["c1"]
    assert "outcome" not in sqlite_bench.rows("calls")["c1"]
    with closing(sqlite3.connect(sqlite_bench.path)) as other:
        other.execute("DROP TRIGGER no")
    engine.write([opening(2), call_receipt(), exchange_receipt()])
    assert sqlite_bench.rows("calls")["c1"]["outcome"] == "completed"


def test_locked_by_another_program(sqlite_bench, engine, monkeypatch):
    engine._connection.execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(sqlite_bench.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerError, match=r"ledger\.db cannot be written: database is locked"):
            engine.write([opening()])
        other.execute("COMMIT")
    engine.write([opening()])
    assert list(sqlite_bench.rows("calls")) == ["c1"]


def test_full(sqlite_bench, engine):
    engine._connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(LedgerError, match="cannot be written: database or disk is full"):
        engine.write([call_receipt(n) for n in range(1, 200)])
    assert sqlite_bench.rows("calls") == {}
    engine.write([call_receipt(n) for n in range(1, 200)])  # a new connection has no such limit
    assert len(sqlite_bench.rows("calls")) == 199


def test_removed_while_it_is_in_use(sqlite_bench, engine, caplog):
    engine.write([opening()])
    for path in sqlite_bench.path.parent.glob("ledger.db*"):
        if path.is_file():
            path.unlink()
    engine.write([call_receipt(), exchange_receipt()])
    assert sqlite_bench.rows("calls")["c1"]["outcome"] == "completed"
    assert "was removed or replaced" in caplog.text


def test_replaced_by_something_else(sqlite_bench, engine):
    sqlite_bench.path.unlink()
    sqlite_bench.path.write_bytes(b"not a database" * 100)
    with pytest.raises(LedgerError, match="file is not a database"):
        engine.write([opening()])
    sqlite_bench.path.unlink()
    engine.write([opening()])
    assert list(sqlite_bench.rows("calls")) == ["c1"]


def test_a_folder_in_the_way(tmp_path):
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(LedgerError, match=r"ledger\.db cannot be opened: "):
        SqliteEngine(tmp_path / "ledger.db", owner="me", price=price).connect()


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="cannot be opened: Not a directory"):
        SqliteEngine(tmp_path / "file" / "ledger.db", owner="me", price=price).connect()


def test_a_newer_ledger(sqlite_bench, engine):
    engine.disconnect()
    with closing(sqlite3.connect(sqlite_bench.path)) as other:
        other.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match="cannot be opened: it was written by a newer version of trioproxy"):
        sqlite_bench.engine("other").connect()


def test_a_price_that_fails_costs_no_row(sqlite_bench, caplog):
    def broken(*_: object) -> None:
        raise KeyError("no such model")

    engine = SqliteEngine(sqlite_bench.path, owner="me", price=broken)
    sqlite_bench.engines.append(engine)
    engine.write([call_receipt()])
    assert "cost_usd" not in sqlite_bench.rows("calls")["c1"]
    assert "price of call c1" in caplog.text


def test_recovery_sweeps_the_locks_of_idle_dead_processes(sqlite_bench, engine):
    owners = sqlite_bench.path.parent / "ledger.db.owners"
    (owners / "killed-while-idle.lock").touch()
    assert engine.recover() == 0
    assert [path.name for path in owners.iterdir()] == ["me.lock"]


def test_recovery_of_a_locked_ledger_says_so(sqlite_bench, engine):
    gone = sqlite_bench.engine("gone")
    gone.write([opening()])
    gone.disconnect()
    engine._connection.execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(sqlite_bench.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="cannot be recovered: database is locked"):
            engine.recover()
    assert engine.recover() == 1


def test_a_ledger_that_is_read_only(sqlite_bench, engine):
    engine._connection.execute("PRAGMA query_only = 1")
    with pytest.raises(LedgerError, match="cannot be written: attempt to write a readonly database"):
        engine.write([opening()])
    engine.write([opening()])  # on a new connection
    assert list(sqlite_bench.rows("calls")) == ["c1"]
