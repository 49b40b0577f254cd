"""Sums over requests."""

from __future__ import annotations

from trioproxy.views.sums import FIELDS, sentence, sums_table, total

SONNET = {
    "name": "claude-sonnet-4-6",
    "requests": 3,
    "completed": 2,
    "abandoned": 1,
    "failed": 0,
    "open": 0,
    "input_tokens": 100,
    "cache_read_tokens": 1000,
    "cache_write_tokens": 134,
    "output_tokens": 56,
    "cost_usd": 0.0123,
    "unpriced": 0,
    "saved_usd": None,
}
UNKNOWN = {
    "name": None,
    "requests": 2,
    "completed": 0,
    "abandoned": 0,
    "failed": 1,
    "open": 1,
    "input_tokens": None,
    "cache_read_tokens": None,
    "cache_write_tokens": None,
    "output_tokens": None,
    "cost_usd": None,
    "unpriced": 1,
    "saved_usd": None,
}


def test_a_line_a_group_and_a_total():
    table = sums_table([SONNET, UNKNOWN], by="model")
    assert [column.title for column in table.columns][:3] == ["model", "requests", "completed"]
    assert [column.numeric for column in table.columns] == [False] + [True] * 10
    assert table.rows == (
        ("claude-sonnet-4-6", "3", "2", "1", "0", "0", "1234", "1000", "56", "$0.0123", "-"),
        ("-", "2", "0", "0", "1", "1", "-", "-", "-", "-", "-"),
    )
    assert table.total == ("total", "5", "2", "1", "1", "1", "1234", "1000", "56", "$0.0123", "-")
    assert table.notes == ("the cost of 1 request is not known",)


def test_one_group_needs_no_total():
    table = sums_table([SONNET], by="model")
    assert table.total is None
    assert table.notes == ()


def test_no_group():
    table = sums_table([], by="day")
    assert (table.rows, table.total, table.notes) == ((), None, ())


def test_a_total_has_every_field():
    assert total([SONNET]) == {field: SONNET[field] for field in FIELDS}
    assert set(total([]).values()) == {None}


def test_a_sentence():
    assert sentence(SONNET) == "3 requests (2 completed, 1 abandoned), 1234 tokens in, 56 out, $0.0123"
    assert sentence(UNKNOWN) == ("2 requests (1 failed, 1 open); the cost of 1 request is not known")
    assert sentence({"requests": 1}) == "1 request"
    assert sentence({"requests": 1, "input_tokens": 1, "output_tokens": 1}) == "1 request, 1 token in, 1 out"
    assert sentence({"requests": 0}) == sentence({}) == "no requests"
