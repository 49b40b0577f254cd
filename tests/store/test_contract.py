"""What every engine promises."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.rows import USAGE, call_receipt, exchange_receipt, opening

from trioproxy.errors import LedgerError
from trioproxy.model import CallOutcome, ExchangeOutcome, Reading, ServedBy
from trioproxy.store.base import Engine

CALL_OPEN = {
    "id": "c1",
    "exchange_id": "x1",
    "owner": "me",
    "started_at": "2026-11-23T04:36:01.123456Z",
    "provider": "anthropic",
    "dialect": "anthropic",
    "method": "POST",
    "path": "/v1/messages",
    "model_requested": "claude-sonnet-4-6",
    "model_sent": "claude-sonnet-4-6",
    "effort": "high",
    "policy": "abort",
}
CALL_ENDED = CALL_OPEN | {
    "ended_at": "2026-11-23T04:36:02.123456Z",
    "model": "claude-sonnet-4-6",
    "outcome": "completed",
    "status": 200,
    "stop_reason": "end_turn",
    "input_tokens": 10,
    "output_tokens": 20,
    "cache_read_tokens": 30,
    "cache_write_5m_tokens": 40,
    "usage_source": "reported",
    "cost_usd": 0.01,
    "price_version": "test-1",
    "upstream_id": "msg_1",
    "request_id": "req_1",
    "tool_calls": 2,
    "tools": '["Read", "Bash"]',
    "ttfb_ms": 12.5,
    "duration_ms": 1000.0,
    "detached_ms": 0.0,
    "bytes_in": 2711,
}
EXCHANGE_OPEN = {
    "id": "x1",
    "owner": "me",
    "started_at": "2026-11-23T04:36:01.123456Z",
    "provider": "anthropic",
    "method": "POST",
    "path": "/v1/messages",
    "http_version": "1.1",
    "source": "claude-code",
    "session": "s1",
    "served_by": "call",
    "call_id": "c1",
}
EXCHANGE_ENDED = EXCHANGE_OPEN | {
    "ended_at": "2026-11-23T04:36:02.623456Z",
    "outcome": "delivered",
    "status": 200,
    "ttfb_ms": 13.5,
    "duration_ms": 1500.0,
    "bytes_out": 2711,
}


@pytest.fixture
def engine(bench) -> Engine:
    engine = bench.engine()
    engine.connect()
    return engine


def test_an_opening_writes_both_rows_open(bench, engine):
    engine.write([opening()])
    assert bench.rows("calls") == {"c1": CALL_OPEN}
    assert bench.rows("exchanges") == {"x1": EXCHANGE_OPEN}


def test_receipts_settle_the_open_rows(bench, engine):
    engine.write([opening()])
    engine.write([call_receipt(), exchange_receipt()])
    assert bench.rows("calls") == {"c1": CALL_ENDED}
    assert bench.rows("exchanges") == {"x1": EXCHANGE_ENDED}


def test_receipts_are_whole_without_their_opening(bench, engine):
    engine.write([exchange_receipt(), call_receipt()])
    assert bench.rows("calls") == {"c1": CALL_ENDED}
    assert bench.rows("exchanges") == {"x1": EXCHANGE_ENDED}


def test_an_opening_that_comes_late_changes_nothing(bench, engine):
    engine.write([call_receipt(), exchange_receipt()])
    engine.write([opening()])
    assert bench.rows("calls") == {"c1": CALL_ENDED}
    assert bench.rows("exchanges") == {"x1": EXCHANGE_ENDED}


def test_writing_the_same_again_is_harmless(bench, engine):
    rows = [opening(), call_receipt(), exchange_receipt()]
    engine.write(rows)
    engine.write(rows)
    assert bench.rows("calls") == {"c1": CALL_ENDED}
    assert bench.rows("exchanges") == {"x1": EXCHANGE_ENDED}


def test_the_first_receipt_wins(bench, engine):
    engine.write([call_receipt(), exchange_receipt()])
    engine.write([call_receipt(outcome=CallOutcome.TRUNCATED), exchange_receipt(outcome=ExchangeOutcome.CLIENT_LEFT)])
    assert bench.rows("calls") == {"c1": CALL_ENDED}
    assert bench.rows("exchanges") == {"x1": EXCHANGE_ENDED}


def test_nothing_is_written_of_nothing(bench, engine):
    engine.write([])
    assert bench.rows("calls") == bench.rows("exchanges") == {}


def test_the_proxy_s_own_answer_keeps_the_link_to_its_call(bench, engine):
    engine.write([opening()])
    engine.write([exchange_receipt(served_by=ServedBy.PROXY, call_id=None, status=502)])
    row = bench.rows("exchanges")["x1"]
    assert (row["served_by"], row["call_id"], row["status"]) == ("proxy", "c1", 502)


def test_an_exchange_without_a_call(bench, engine):
    engine.write([exchange_receipt(served_by=ServedBy.PROXY, call_id=None, outcome=ExchangeOutcome.REJECTED)])
    assert "call_id" not in bench.rows("exchanges")["x1"]
    assert bench.rows("calls") == {}


@pytest.mark.parametrize("outcome", [outcome for outcome in CallOutcome if outcome is not CallOutcome.COMPLETED])
def test_what_did_not_complete_is_incomplete(bench, engine, outcome):
    engine.write([call_receipt(outcome=outcome, reading=Reading())])
    row = bench.rows("calls")["c1"]
    assert (row["outcome"], row["stop_reason"], row["usage_source"]) == (outcome, "incomplete", "none")
    assert not row.keys() & {"input_tokens", "output_tokens", "cost_usd", "price_version", "tools"}
    assert row["tool_calls"] == 0


def test_a_stop_reason_of_the_upstream_s_own_is_kept(bench, engine):
    reading = Reading(stop_reason="max_tokens", error="overloaded")
    engine.write([call_receipt(outcome=CallOutcome.UPSTREAM_ERROR, reading=reading)])
    row = bench.rows("calls")["c1"]
    assert (row["stop_reason"], row["error"]) == ("max_tokens", "overloaded")


def test_a_whole_answer_may_have_no_stop_reason(bench, engine):
    engine.write([call_receipt(reading=Reading())])
    assert "stop_reason" not in bench.rows("calls")["c1"]


def test_an_unknown_price_is_null(bench, engine):
    engine.write([call_receipt(reading=Reading(usage=USAGE, model="unheard-of"))])
    row = bench.rows("calls")["c1"]
    assert row["usage_source"] == "reported"
    assert not row.keys() & {"cost_usd", "price_version"}


def test_values_that_no_database_takes_do_not_stop_the_others(bench, engine):
    huge = replace(USAGE, input_tokens=2**64)
    engine.write(
        [
            call_receipt(1, reading=Reading(usage=huge, model="lone \ud800 surrogate")),
            call_receipt(2),
        ]
    )
    rows = bench.rows("calls")
    assert rows["c1"]["model"] == "lone \\ud800 surrogate"
    assert "input_tokens" not in rows["c1"]
    assert rows["c1"]["output_tokens"] == 20
    assert rows["c2"]["model"] == "claude-sonnet-4-6"


def test_open_rows_of_one_that_is_gone_are_crashed(bench, engine):
    gone = bench.engine("gone")
    gone.connect()
    gone.write([opening(), opening(2), call_receipt(2)])  # the answer of x2 was still being delivered
    gone.disconnect()

    assert engine.recover() == 1
    assert bench.rows("calls")["c1"] == CALL_OPEN | {
        "owner": "gone",
        "ended_at": "2026-11-23T04:37:40.123456Z",
        "outcome": "crashed",
        "stop_reason": "incomplete",
        "usage_source": "none",
        "error": "the process that ran it was gone",
    }
    assert bench.rows("calls")["c2"]["outcome"] == "completed"
    assert {row["outcome"] for row in bench.rows("exchanges").values()} == {"crashed"}
    assert engine.recover() == 0


def test_open_rows_of_a_live_one_are_not_touched(bench, engine):
    other = bench.engine("other")
    other.connect()
    other.write([opening()])
    engine.write([opening(2)])

    assert engine.recover() == other.recover() == 0
    assert bench.rows("calls") == {"c1": CALL_OPEN | {"owner": "other"}, "c2": bench.rows("calls")["c2"]}
    assert not [row for row in bench.rows("exchanges").values() if "outcome" in row]
    other.disconnect()


def test_a_receipt_beats_a_wrong_crash(bench, engine):
    engine.write([opening()])
    engine.disconnect()  # as if somebody had removed its lock
    other = bench.engine("other")
    other.connect()
    assert other.recover() == 1

    engine.connect()
    engine.write([call_receipt(), exchange_receipt()])
    assert bench.rows("calls") == {"c1": CALL_ENDED}
    assert bench.rows("exchanges") == {"x1": EXCHANGE_ENDED}
    other.disconnect()


def test_two_processes_may_not_have_one_id(bench, engine, monkeypatch):
    monkeypatch.setattr("trioproxy.store.ownership._PATIENCE_S", 0.0)
    with pytest.raises(LedgerError, match="in use"):
        bench.engine().connect()


def test_disconnecting_twice_is_harmless(engine):
    engine.disconnect()
    engine.disconnect()
