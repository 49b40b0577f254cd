"""The writer cancelled: what was in flight, what was waiting, and what is said of what is lost."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import trio
from support.engines import ScriptedEngine, taking
from support.rows import call_receipt, exchange_receipt, opening

from trioproxy.store.writer import LedgerWriter


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


async def cancelled_after(seconds: float, writer: LedgerWriter, act: Callable[[], None]) -> None:
    async with trio.open_nursery() as nursery:
        await nursery.start(writer.run)
        act()
        await trio.sleep(seconds)
        nursery.cancel_scope.cancel()


async def test_cancelled_it_finishes_the_commit_in_flight_and_gives_the_rest_one_try(engine, autojump_clock, caplog):
    writer = LedgerWriter(engine, hop=taking(0.5))
    late: list[trio.Event] = []

    def act() -> None:
        late.append(writer.open(opening().exchange, opening().call))
        trio.lowlevel.spawn_system_task(partial(settle_after, 0.2, writer))

    await cancelled_after(0.3, writer, act)
    assert [rows for _, rows in engine.commits] == [[opening()], [call_receipt(), exchange_receipt()]]
    assert late[0].is_set()
    assert engine.said[-1] == "disconnect"
    assert caplog.text == ""


async def settle_after(seconds: float, writer: LedgerWriter) -> None:
    await trio.sleep(seconds)
    writer.settle_call(call_receipt())
    writer.settle_exchange(exchange_receipt())


async def test_cancelled_while_receipts_linger(engine, autojump_clock):
    writer = LedgerWriter(engine, hop=taking(0.001))
    await cancelled_after(0.01, writer, lambda: writer.settle_call(call_receipt()))
    assert [rows for _, rows in engine.commits] == [[call_receipt()]]


async def test_cancelled_during_an_outage_it_says_what_is_lost(engine, autojump_clock, caplog):
    engine.broken = "disk full"
    writer = LedgerWriter(engine, hop=taking(0.001))

    def act() -> None:
        writer.open(opening().exchange, opening().call)
        writer.settle_call(call_receipt(2))

    await cancelled_after(10, writer, act)
    tries = engine.tries
    assert "the last try failed: disk full" in caplog.text
    assert "[ledger] not written: 1 ended call, 1 open call" in caplog.text
    assert engine.said[-1] == "disconnect"
    assert engine.commits == []
    assert not writer.health().ok
    assert tries == engine.tries


async def test_the_last_try_has_a_deadline(engine, autojump_clock, caplog):
    writer = LedgerWriter(engine, hop=taking(60), last_try_s=2.0)

    async with trio.open_nursery() as nursery:
        await nursery.start(writer.run)
        writer.settle_call(call_receipt())
        await trio.sleep(0.01)
        began = trio.current_time()
        nursery.cancel_scope.cancel()
    assert trio.current_time() - began == pytest.approx(2.0)
    assert "[ledger] perhaps not written: 1 ended call" in caplog.text
    assert engine.said == ["connect", "recover"]
