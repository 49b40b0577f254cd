"""A ledger that an earlier version of trioproxy has written, read after the proxy was started on it."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing

import pytest
from support.rows import call_receipt, exchange_receipt

from trioproxy.errors import LedgerError
from trioproxy.model import ServedBy
from trioproxy.store import migrations
from trioproxy.store.reading import open_reader

# Steps that ledgers out there have had: whoever changes one changes nothing for them.
TAKEN = {1: "eac861b6acdd48fdb1cbd24ff6190feb586c5f4be60f63a0a20dcec973927c51"}

FIRST_ROWS = """
INSERT INTO calls (id, exchange_id, owner, started_at, ended_at, provider, dialect, method, path,
    model_requested, model_sent, model, outcome, status, stop_reason, input_tokens, output_tokens,
    usage_source, cost_usd, price_version, tool_calls, duration_ms, detached_ms, bytes_in, policy)
VALUES ('c1', 'x1', 'old', '2026-11-23T04:36:01.123456Z', '2026-11-23T04:36:02.123456Z', 'anthropic', 'anthropic',
    'POST', '/v1/messages', 'claude-sonnet-4-6', 'claude-sonnet-4-6', 'claude-sonnet-4-6', 'completed', 200,
    'end_turn', 10, 20, 'reported', 0.01, 'genai-prices 0.2.3', 0, 1000.0, 0.0, 2711, 'abort');
INSERT INTO exchanges (id, owner, started_at, ended_at, provider, method, path, http_version, source,
    served_by, call_id, outcome, status, duration_ms, bytes_out)
VALUES ('x1', 'old', '2026-11-23T04:36:01.123456Z', '2026-11-23T04:36:02.623456Z', 'anthropic', 'POST',
    '/v1/messages', '1.1', 'claude-code', 'call', 'c1', 'delivered', 200, 1500.0, 2711);
"""


@pytest.fixture
def first(sqlite_bench):
    """The ledger as its first version wrote it, with one request in it."""
    with closing(sqlite3.connect(sqlite_bench.path)) as connection:
        connection.executescript(migrations.steps()[0] + FIRST_ROWS + "PRAGMA user_version = 1;")
    return sqlite_bench


@pytest.mark.parametrize(("number", "digest"), TAKEN.items())
def test_a_step_that_was_taken_stays_as_it_is(number: int, digest: str):
    assert hashlib.sha256(migrations.steps()[number - 1].encode()).hexdigest() == digest


def test_before_the_proxy_has_been_started_on_it_a_reader_says_so(first):
    with pytest.raises(LedgerError, match="older version of trioproxy; start the proxy on it once"):
        open_reader(f"sqlite:///{first.path}")


def test_what_was_in_it_is_still_there_and_what_comes_is_added(first):
    before = first.rows("requests")["x1"]
    engine = first.engine()
    engine.connect()
    engine.write([exchange_receipt(2, served_by=ServedBy.REPLAYED, call_id="c1"), call_receipt(3), exchange_receipt(3)])
    with open_reader(f"sqlite:///{first.path}") as reader:
        old, replayed, new = reader.requests()
        sums = reader.sums()[0]
    assert {name: value for name, value in old.items() if value is not None} == before
    assert (replayed["cost_usd"], replayed["saved_usd"]) == (0, 0.01)
    assert new["cost_usd"] == 0.01
    assert (sums["requests"], sums["cost_usd"], sums["saved_usd"]) == (3, 0.02, 0.01)


def test_the_view_has_the_columns_it_had(first):
    with closing(sqlite3.connect(first.path)) as connection:
        before = [row[1:3] for row in connection.execute("PRAGMA table_info(requests)")]
    engine = first.engine()
    engine.connect()
    with closing(sqlite3.connect(first.path)) as connection:
        after = [row[1:3] for row in connection.execute("PRAGMA table_info(requests)")]
    assert [name for name, _ in after] == [name for name, _ in before]
