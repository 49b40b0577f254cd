"""Queries for people."""

from __future__ import annotations

import csv
import io
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest
from support.rows import AT, USAGE, call_receipt, exchange_receipt, opening

from trioproxy.errors import LedgerError
from trioproxy.model import CallOutcome, ExchangeOutcome, Reading, ServedBy
from trioproxy.store.reading import open_reader


@pytest.fixture
def engine(sqlite_bench):
    engine = sqlite_bench.engine()
    engine.connect()
    return engine


@pytest.fixture
def reader(sqlite_bench, engine):
    with open_reader(f"sqlite:///{sqlite_bench.path}") as reader:
        yield reader


def ids(rows):
    return [row["id"] for row in rows]


def whole(n, **call):
    return [opening(n), call_receipt(n, **call), exchange_receipt(n)]


def test_a_request_says_what_was_asked_who_answered_how_it_ended_and_what_it_cost(engine, reader):
    engine.write(whole(1))
    (row,) = reader.requests()
    expected = {
        "id": "x1",
        "source": "claude-code",
        "path": "/v1/messages",
        "model": "claude-sonnet-4-6",
        "served_by": "call",
        "outcome": "delivered",
        "status": 200,
        "call_id": "c1",
        "call_outcome": "completed",
        "call_status": 200,
        "stop_reason": "end_turn",
        "input_tokens": 10,
        "cache_write_5m_tokens": 40,
        "cost_usd": 0.01,
        "ttfb_ms": 13.5,
        "duration_ms": 1500.0,
        "call_duration_ms": 1000.0,
        "bytes_out": 2711,
        "error": None,
    }
    assert {name: row[name] for name in expected} == expected
    assert list(row) == reader.column_names()


def test_one_that_joined_another_s_call_cost_nothing(engine, reader):
    engine.write([*whole(1), exchange_receipt(2, served_by=ServedBy.JOINED, call_id="c1")])
    first, joined = reader.requests()
    assert (first["cost_usd"], first["output_tokens"]) == (0.01, 20)
    assert (joined["cost_usd"], joined["output_tokens"], joined["call_outcome"]) == (0.0, None, "completed")
    assert reader.sums()[0]["cost_usd"] == 0.01


def test_newest_last_limited_since_and_of_one_owner(sqlite_bench, engine, reader):
    engine.write([row for n in (3, 1, 4, 2) for row in whole(n)])
    other = sqlite_bench.engine("other")
    other.write([opening(5)])
    assert ids(reader.requests()) == ["x1", "x2", "x3", "x4", "x5"]
    assert ids(reader.requests(limit=2)) == ["x4", "x5"]
    assert ids(reader.requests(limit=0)) == []
    third = datetime.fromtimestamp(AT + 3, UTC)
    assert ids(reader.requests(since=third)) == ["x3", "x4", "x5"]
    assert ids(reader.requests(since=third, limit=1, owner="me")) == ["x4"]
    assert ids(reader.export(since=third + timedelta(microseconds=1))) == ["x4", "x5"]


def test_since_may_have_any_zone(engine, reader):
    engine.write(whole(1))
    moment = datetime.fromtimestamp(AT + 1, UTC).astimezone(tz=None)
    assert len(reader.requests(since=moment)) == 1


def test_sums_in_all_and_by_model(engine, reader):
    engine.write(
        [
            *whole(1),
            *whole(2),
            *whole(3, outcome=CallOutcome.ABANDONED, reading=Reading(usage=USAGE, model="unheard-of")),
            *whole(4, outcome=CallOutcome.TIMEOUT, reading=Reading()),
            opening(5),
            exchange_receipt(6, served_by=ServedBy.PROXY, call_id=None, outcome=ExchangeOutcome.REJECTED),
        ]
    )
    (everything,) = reader.sums()
    assert everything == {
        "name": None,
        "requests": 6,
        "completed": 2,
        "abandoned": 1,
        "failed": 2,
        "open": 1,
        "input_tokens": 30,
        "cache_read_tokens": 90,
        "cache_write_tokens": 120,
        "output_tokens": 60,
        "cost_usd": 0.02,
        "unpriced": 2,
        "estimated": 0,
        "estimated_input_tokens": None,
        "estimated_output_tokens": None,
        "estimated_usd": None,
        "saved_usd": None,
        "held_back_usd": None,
        "savings": None,
    }
    by_model = [(row["name"], row["requests"], row["cost_usd"]) for row in reader.sums("model")]
    assert by_model == [("claude-sonnet-4-6", 4, 0.02), (None, 1, None), ("unheard-of", 1, None)]


def test_sums_by_source_provider_and_day(engine, reader, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")  # 13 hours ahead at this time of the year
    time.tzset()
    try:
        engine.write([*whole(1), *whole(7 * 3600)])
        days = [(row["name"], row["requests"]) for row in reader.sums("day")]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert days == [("2026-11-23", 1), ("2026-11-24", 1)]
    assert [(row["name"], row["requests"]) for row in reader.sums("source")] == [("claude-code", 2)]
    assert [(row["name"], row["requests"]) for row in reader.sums("provider")] == [("anthropic", 2)]


def test_sums_of_nothing(reader):
    assert reader.sums("model") == []
    assert reader.sums(owner="nobody")[0]["requests"] == 0


def test_sums_of_one_owner(sqlite_bench, engine, reader):
    engine.write(whole(1))
    sqlite_bench.engine("other").write([*whole(2), *whole(3)])
    assert reader.sums(owner="other")[0]["cost_usd"] == 0.02


def test_export_has_every_column_of_the_contract(engine, reader):
    engine.write(whole(1))
    (call,) = reader.export("calls")
    (exchange,) = reader.export("exchanges")
    assert {"owner", "savings", "saved_usd", "detached_ms", "reasoning_tokens", "policy", "tools"} <= call.keys()
    assert {"preview", "agent", "http_version", "bytes_out"} <= exchange.keys()
    file = io.StringIO()
    writer = csv.DictWriter(file, reader.column_names("calls"))
    writer.writerow(call)
    assert file.getvalue().startswith("c1,x1,me,2026-11-23T04:36:01.123456Z,")


def test_export_knows_three_tables(reader):
    with pytest.raises(LedgerError, match="expected one of requests, calls, exchanges"):
        list(reader.export("sqlite_master"))


def test_following_shows_what_is_new_and_what_was_settled_since(engine, reader):
    engine.write([*whole(1), opening(2)])
    follower = reader.follow()
    assert follower.look() == []
    engine.write([opening(3), exchange_receipt(2)])
    assert ids(follower.look()) == ["x3"]  # the call of x2 is still running
    engine.write([call_receipt(2), *whole(4)])
    assert ids(follower.look()) == ["x2", "x4"]
    engine.write([call_receipt(3), exchange_receipt(3)])
    (third,) = follower.look()
    assert (third["id"], third["outcome"], third["call_outcome"]) == ("x3", "delivered", "completed")
    assert follower.look() == []


def test_a_row_that_was_written_while_following_began_is_shown_once(engine, reader):
    follower = reader.follow()
    follower._open.add("x1")  # seen open, but not as one of the rows that were there
    engine.write(whole(1))
    assert ids(follower.look()) == ["x1"]
    assert follower.look() == []


def test_one_that_joined_is_shown_again_when_the_call_has_ended(engine, reader):
    engine.write([opening(1), exchange_receipt(2, served_by=ServedBy.JOINED, call_id="c1")])
    follower = reader.follow()
    engine.write([exchange_receipt(3, served_by=ServedBy.JOINED, call_id="c1")])
    assert ids(follower.look()) == ["x3"]
    engine.write([call_receipt(1), exchange_receipt(1)])
    assert ids(follower.look()) == ["x1", "x2", "x3"]
    assert follower.look() == []


def test_following_a_ledger_that_was_empty(engine, reader):
    follower = reader.follow()
    engine.write(whole(1))
    assert ids(follower.look()) == ["x1"]


def test_it_writes_nothing(sqlite_bench, reader):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._connection.execute("DELETE FROM calls")


def test_a_sum_of_nothing_known_is_not_known(engine, reader):
    engine.write([*whole(1, outcome=CallOutcome.TIMEOUT, reading=Reading())])

    (everything,) = reader.sums()

    assert [everything[name] for name in everything if name.endswith("_tokens")] == [None] * 6
