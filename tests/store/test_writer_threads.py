"""The writer with a real database and real threads: durable means durable, whoever cancels."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest
import trio
import trio.testing
from support.rows import call_receipt, exchange_receipt, opening, price

from trioproxy.errors import LedgerError
from trioproxy.model import Reading
from trioproxy.store import open_ledger
from trioproxy.store.sqlite import SqliteEngine
from trioproxy.store.writer import LedgerWriter


class CountingEngine(SqliteEngine):
    """Counts its transactions; holds them while `gate` is closed."""

    commits = 0

    def __init__(self, path, **options):
        super().__init__(path, owner="me", price=price, **options)
        self.gate = threading.Event()
        self.gate.set()
        self.writing = threading.Event()

    def write(self, rows):
        self.writing.set()
        self.gate.wait()
        super().write(rows)
        self.commits += 1


async def until(condition):
    with trio.fail_after(10):
        while not condition():  # noqa: ASYNC110  # what a thread does sets no event
            await trio.sleep(0.001)


@pytest.fixture
def engine(sqlite_bench):
    engine = CountingEngine(sqlite_bench.path)
    sqlite_bench.engines.append(engine)
    return engine


async def test_an_event_means_that_another_connection_sees_both_rows(sqlite_bench, engine, nursery):
    writer = LedgerWriter(engine)
    await nursery.start(writer.run)
    for n in range(1, 20):
        await writer.open(opening(n).exchange, opening(n).call).wait()
        assert f"c{n}" in sqlite_bench.rows("calls")
        assert f"x{n}" in sqlite_bench.rows("exchanges")


async def test_many_requests_share_few_commits(sqlite_bench, engine, nursery):
    writer = LedgerWriter(engine)
    await nursery.start(writer.run)
    engine.gate.clear()
    async with trio.open_nursery() as clients:
        for n in range(200):
            clients.start_soon(writer.open(opening(n).exchange, opening(n).call).wait)
        await trio.testing.wait_all_tasks_blocked()
        engine.gate.set()
    for n in range(200):
        writer.settle_call(call_receipt(n))
        writer.settle_exchange(exchange_receipt(n))
    writer.close()
    await until(lambda: writer.health().waiting == 0)
    assert {row["outcome"] for row in sqlite_bench.rows("calls").values()} == {"completed"}
    assert {row["outcome"] for row in sqlite_bench.rows("exchanges").values()} == {"delivered"}
    assert len(sqlite_bench.rows("calls")) == 200
    assert engine.commits <= 4


async def test_cancelled_in_mid_commit_nothing_is_lost(sqlite_bench, engine):
    writer = LedgerWriter(engine)
    async with trio.open_nursery() as nursery:
        await nursery.start(writer.run)
        engine.gate.clear()
        durable = writer.open(opening().exchange, opening().call)
        await trio.to_thread.run_sync(engine.writing.wait)
        nursery.cancel_scope.cancel()
        writer.settle_call(call_receipt())
        writer.settle_exchange(exchange_receipt())
        engine.gate.set()
    assert durable.is_set()
    assert sqlite_bench.rows("calls")["c1"]["outcome"] == "completed"
    assert sqlite_bench.rows("exchanges")["x1"]["outcome"] == "delivered"
    assert list((sqlite_bench.path.parent / "ledger.db.owners").iterdir()) == []


async def test_a_commit_in_flight_is_waited_for_however_long_it_takes(sqlite_bench, engine):
    writer = LedgerWriter(engine, last_try_s=0.0)

    async with trio.open_nursery() as nursery:
        await nursery.start(writer.run)
        engine.gate.clear()
        durable = writer.open(opening().exchange, opening().call)
        await trio.to_thread.run_sync(engine.writing.wait)
        nursery.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            await trio.testing.wait_all_tasks_blocked(0.01)
        assert nursery.child_tasks, "it did not wait"
        engine.gate.set()
    assert durable.is_set()


async def test_a_lock_of_another_program_is_waited_out(sqlite_bench, engine, nursery, caplog):
    writer = LedgerWriter(engine)
    await nursery.start(writer.run)
    engine._connection.execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(sqlite_bench.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        durable = writer.open(opening().exchange, opening().call)
        await until(lambda: not writer.health().ok)
        assert "database is locked" in str(writer.health().error)
        assert not durable.is_set()
        other.execute("COMMIT")
    with trio.fail_after(10):
        await durable.wait()
    assert writer.health().ok
    assert list(sqlite_bench.rows("calls")) == ["c1"]
    assert "is written again" in caplog.text


async def test_open_ledger_makes_one_by_its_url(tmp_path, nursery):
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", price=price, durability="full")
    assert not (tmp_path / "ledger.db").exists()
    await nursery.start(ledger.run)
    await ledger.open(opening().exchange, opening().call).wait()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as other:
        ((owner,),) = other.execute("SELECT owner FROM calls").fetchall()
    assert (tmp_path / "ledger.db.owners" / f"{owner}.lock").exists()


async def test_open_ledger_in_memory(nursery):
    ledger = open_ledger("sqlite://", price=price, owner="me")
    await nursery.start(ledger.run)
    await ledger.open(opening().exchange, opening().call).wait()
    ledger.settle_call(call_receipt(reading=Reading()))
    ledger.close()
    await until(lambda: ledger.health().waiting == 0)
    assert ledger.health().error is None


async def test_a_start_that_fails_leaves_nothing_behind(tmp_path):
    (tmp_path / "ledger.db").write_bytes(b"something else entirely" * 100)
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", price=price)
    with pytest.raises(LedgerError, match=r"ledger\.db cannot be opened: file is not a database"):
        await ledger.run()
    assert list((tmp_path / "ledger.db.owners").iterdir()) == []


def test_open_ledger_refuses_what_it_does_not_know():
    with pytest.raises(LedgerError, match="PostgreSQL is not in this version"):
        open_ledger("postgresql://localhost/ledger", price=price)
