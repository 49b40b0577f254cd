"""The writer's rules on a virtual clock: the engine is a script, and work takes virtual time."""

from __future__ import annotations

import logging

import pytest
import trio
import trio.testing
from support.engines import ScriptedEngine, taking
from support.rows import call_receipt, exchange_receipt, opening

from trioproxy.errors import LedgerError
from trioproxy.store.writer import LedgerWriter


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def writer(engine) -> LedgerWriter:
    return LedgerWriter(engine, hop=taking(0.001), linger_s=0.02, last_try_s=2.0, max_rows=100)


@pytest.fixture
async def running(writer, nursery) -> LedgerWriter:
    await nursery.start(writer.run)
    return writer


async def test_it_connects_recovers_starts_and_at_the_end_disconnects(writer, engine, nursery, caplog, autojump_clock):
    engine.crashed = 3
    await nursery.start(writer.run)
    assert engine.said == ["connect", "recover"]
    assert "3 open calls of processes that are gone are now crashed" in caplog.text
    writer.close()
    await trio.testing.wait_all_tasks_blocked()
    await trio.sleep(0.01)
    assert engine.said == ["connect", "recover", "disconnect"]
    assert engine.tries == 0


async def test_a_ledger_that_cannot_be_opened_fails_the_start(writer, engine, autojump_clock):
    engine.unreachable = "no such folder"
    with pytest.raises(LedgerError, match="no such folder"):
        await writer.run()
    assert engine.said == ["connect"]


async def test_an_opening_is_committed_at_once(running, engine, autojump_clock):
    began = trio.current_time()
    durable = running.open(opening().exchange, opening().call)
    assert not durable.is_set()
    await durable.wait()
    assert trio.current_time() - began == pytest.approx(0.001)
    assert [rows for _, rows in engine.commits] == [[opening()]]


async def test_receipts_linger_for_company(running, engine, autojump_clock):
    began = trio.current_time()
    running.settle_call(call_receipt())
    await trio.sleep(0.015)
    running.settle_exchange(exchange_receipt())
    await trio.sleep(0.015)
    assert [(pytest.approx(at - began), rows) for at, rows in engine.commits] == [
        (0.021, [call_receipt(), exchange_receipt()])
    ]


async def test_an_opening_takes_lingering_receipts_along(running, engine, autojump_clock):
    began = trio.current_time()
    running.settle_call(call_receipt())
    await trio.sleep(0.005)
    await running.open(opening(2).exchange, opening(2).call).wait()
    assert [(pytest.approx(at - began), rows) for at, rows in engine.commits] == [(0.006, [opening(2), call_receipt()])]


async def test_what_comes_during_a_commit_shares_the_next(running, engine, autojump_clock):
    first = running.open(opening(1).exchange, opening(1).call)
    await trio.sleep(0.0005)
    rest = [running.open(opening(n).exchange, opening(n).call) for n in range(2, 40)]
    await first.wait()
    assert not any(durable.is_set() for durable in rest)
    await rest[-1].wait()
    assert all(durable.is_set() for durable in rest)
    assert [len(rows) for _, rows in engine.commits] == [1, 38]


async def test_close_writes_everything_and_does_not_linger(running, engine, writer, autojump_clock):
    began = trio.current_time()
    running.settle_call(call_receipt())
    await trio.sleep(0.005)
    running.close()
    running.settle_exchange(exchange_receipt())
    await trio.sleep(0.01)
    assert [at - began for at, _ in engine.commits] == [pytest.approx(0.006)]
    assert engine.said[-1] == "disconnect"
    assert writer.health().waiting == 0


async def test_a_ledger_that_fails_and_recovers(running, engine, caplog, autojump_clock):
    caplog.set_level(logging.INFO)
    engine.broken = "disk full"
    durable = running.open(opening().exchange, opening().call)
    await trio.sleep(3)
    running.settle_call(call_receipt())
    running.settle_exchange(exchange_receipt())
    health = running.health()
    assert (health.ok, health.waiting, health.dropped, health.error) == (False, 3, 0, "disk full")
    assert engine.tries == 5  # at 0, 0.1, 0.3, 0.7 and 1.5 s
    assert not durable.is_set()

    engine.broken = None
    await durable.wait()
    await trio.sleep(0.1)
    assert running.health().ok
    assert running.health().error is None
    assert running.health().waiting == 0
    assert [rows for _, rows in engine.commits] == [[opening()], [call_receipt(), exchange_receipt()]]
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


async def test_a_queue_that_overflows_keeps_the_newest_receipts_and_counts(running, engine, autojump_clock):
    engine.broken = "disk full"
    for n in range(150):
        running.open(opening(n).exchange, opening(n).call)
        running.settle_call(call_receipt(n))
    await trio.sleep(0.05)
    assert running.health().dropped == 50
    assert running.health().waiting == 100
    engine.broken = None
    await trio.sleep(6)
    assert [row.opening.id for _, rows in engine.commits for row in rows] == [f"c{n}" for n in range(50, 150)]


def test_requests_that_did_not_wait_are_counted(writer):
    writer.went_on_without()
    writer.went_on_without()
    assert writer.health().late == 2


async def test_what_comes_after_the_end_is_lost_loudly(running, caplog, autojump_clock):
    running.close()
    await trio.sleep(0.01)
    running.settle_call(call_receipt())
    assert "is closed: the end of c1 is lost" in caplog.text
