"""Sums over requests."""

from __future__ import annotations

import json

from trioproxy.views.sums import FIELDS, sentence, sums_table, total

NOTHING_ELSE = {
    **dict.fromkeys(("estimated_input_tokens", "estimated_output_tokens", "estimated_usd")),
    **dict.fromkeys(("saved_usd", "held_back_usd", "savings")),
    "estimated": 0,
}
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
    **NOTHING_ELSE,
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
    **NOTHING_ELSE,
}
ABANDONED = {
    **SONNET,
    "name": "gpt-5-mini",
    "estimated": 3,
    "estimated_input_tokens": 100,
    "estimated_output_tokens": 20,
    "estimated_usd": 0.0023,
}


def test_a_line_a_group_and_a_total():
    table = sums_table([SONNET, UNKNOWN], by="model")
    assert [column.title for column in table.columns][:3] == ["model", "requests", "completed"]
    assert [column.numeric for column in table.columns] == [False] + [True] * 11
    assert table.rows == (
        ("claude-sonnet-4-6", "3", "2", "1", "0", "0", "1234", "1000", "56", "$0.0123", "-", "-"),
        ("-", "2", "0", "0", "1", "1", "-", "-", "-", "-", "-", "-"),
    )
    assert table.total == ("total", "5", "2", "1", "1", "1", "1234", "1000", "56", "$0.0123", "-", "-")
    assert table.notes == ("the cost of 1 request is not known",)


def test_one_group_needs_no_total():
    table = sums_table([SONNET], by="model")
    assert table.total is None
    assert table.notes == ()


def test_no_group():
    table = sums_table([], by="day")
    assert (table.rows, table.total, table.notes) == ((), None, ())


def test_a_total_has_every_field():
    assert total([SONNET]) == {field: SONNET[field] for field in (*FIELDS, "savings")}
    assert set(total([]).values()) == {None}


def test_a_sentence():
    assert sentence(SONNET) == "3 requests (2 completed, 1 abandoned), 1234 tokens in, 56 out, $0.0123"
    assert sentence(UNKNOWN) == ("2 requests (1 failed, 1 open); the cost of 1 request is not known")
    assert sentence({"requests": 1}) == "1 request"
    assert sentence({"requests": 1, "input_tokens": 1, "output_tokens": 1}) == "1 request, 1 token in, 1 out"
    assert sentence({"requests": 0}) == sentence({}) == "no requests"


ESTIMATED = "$0.0023 of the cost is estimated, for 3 requests whose usage was not reported in full"


def test_what_is_estimated_is_marked_and_told_apart():
    table = sums_table([SONNET, ABANDONED], by="model")
    assert [row[6:10] for row in table.rows] == [
        ("1234", "1000", "56", "$0.0123"),
        ("~1234", "1000", "~56", "~$0.0123"),
    ]
    assert table.total is not None
    assert table.total[6:10] == ("~2468", "2000", "~112", "~$0.0246")
    assert table.notes == (ESTIMATED,)
    assert sentence(ABANDONED) == (
        f"3 requests (2 completed, 1 abandoned), ~1234 tokens in, ~56 out, ~$0.0123; {ESTIMATED}"
    )


def test_an_estimated_output_does_not_mark_the_input():
    mixed = {**ABANDONED, "estimated_input_tokens": None}
    assert sums_table([mixed], by="model").rows[0][6:10] == ("1234", "1000", "~56", "~$0.0123")


def test_an_estimate_without_a_price():
    group = {**UNKNOWN, "output_tokens": 7, "estimated": 1, "estimated_output_tokens": 7}
    assert sums_table([group], by="model").notes == (
        "the cost of 1 request is not known",
        "tokens are estimated, for 1 request whose usage was not reported in full",
    )


def test_savings_are_a_column_and_notes():
    kinds = [{"kind": "replayed", "held_back": None, "requests": 2, "unpriced": 0, "saved_usd": 0.5}]
    saved = {**SONNET, "saved_usd": 0.5, "held_back_usd": 0.25, "savings": json.dumps(kinds)}
    table = sums_table([SONNET, saved, saved], by="model")
    assert [row[-2:] for row in table.rows] == [("-", "-"), ("$0.500", "$0.250"), ("$0.500", "$0.250")]
    assert table.total is not None
    assert table.total[-2:] == ("$1.00", "$0.500")
    assert table.notes == ("saved $1.00 by replay (4 requests)",)
    assert sentence(saved).endswith("$0.0123; saved $0.500 by replay (2 requests)")
