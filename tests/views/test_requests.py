"""Requests as a table."""

from __future__ import annotations

from datetime import UTC

import pytest

from trioproxy.views.requests import COLUMNS, requests_table

ROW = {
    "started_at": "2026-11-23T04:36:01.123456Z",
    "ended_at": "2026-11-23T04:36:02.623456Z",
    "source": "claude-code",
    "method": "POST",
    "path": "/v1/messages",
    "model": "claude-sonnet-4-6",
    "outcome": "client_left",
    "status": 200,
    "call_id": "c1",
    "call_outcome": "abandoned",
    "stop_reason": "incomplete",
    "input_tokens": 10,
    "cache_read_tokens": 30,
    "cache_write_5m_tokens": 40,
    "cache_write_1h_tokens": None,
    "output_tokens": 20,
    "cost_usd": 0.0123,
    "ttfb_ms": 350.4,
    "duration_ms": 1500.0,
}


def test_one_line_a_request():
    table = requests_table([ROW, ROW], zone=UTC)
    assert table.columns == COLUMNS
    assert (
        table.rows
        == (
            (
                *("2026-11-23 04:36:01", "claude-code", "claude-sonnet-4-6", "client left", "200", "incomplete"),
                *("80", "30", "20", "$0.0123", "350 ms", "1.50 s"),
            ),
        )
        * 2
    )
    assert table.total is None


def test_what_is_not_known_is_not_made_up():
    empty = dict.fromkeys(ROW) | {"started_at": ROW["started_at"], "method": "GET", "path": "/v1/models"}
    (cells,) = requests_table([empty], zone=UTC).rows
    assert cells == ("2026-11-23 04:36:01", "-", "GET /v1/models", "open", *("-" for _ in range(8)))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("reported", ("80", "30", "20", "$0.0123")),
        ("mixed", ("80", "30", "~20", "~$0.0123")),
        ("estimated", ("~80", "30", "~20", "~$0.0123")),
        ("none", ("80", "30", "20", "$0.0123")),
    ],
)
def test_what_is_estimated_is_marked(source, shown):
    (cells,) = requests_table([{**ROW, "usage_source": source}], zone=UTC).rows
    assert cells[6:10] == shown


def test_no_requests():
    assert requests_table([]).rows == ()
