"""Values as short text."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest

from trioproxy.model import CallOutcome, ExchangeOutcome
from trioproxy.views import cells


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (0, "0"),
        (98_765, "98765"),
        (99_999, "99999"),
        (100_000, "100k"),
        (123_456, "123k"),
        (999_499, "999k"),
        (999_500, "1.00M"),
        (1_234_567, "1.23M"),
        (12_345_678, "12.3M"),
        (999_499_999, "999M"),
        (4_567_000_000, "4.57G"),
    ],
)
def test_counts(value, shown):
    assert cells.count(value) == shown


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (None, "-"),
        (0, "$0"),
        (0.00001, "<$0.0001"),
        (0.0012, "$0.0012"),
        (0.0994, "$0.0994"),
        (0.123, "$0.123"),
        (0.9949, "$0.995"),
        (0.996, "$1.00"),
        (12.345, "$12.35"),
        (1234.5, "$1,234.50"),
        (-0.5, "-$0.500"),
    ],
)
def test_money(usd, shown):
    assert cells.money(usd) == shown


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (None, "-"),
        (0.42, "0.4 ms"),
        (9.94, "9.9 ms"),
        (9.96, "10 ms"),
        (999.4, "999 ms"),
        (999.6, "1.00 s"),
        (1234, "1.23 s"),
        (45_600, "45.6 s"),
        (59_940, "59.9 s"),
        (59_960, "1 min 00 s"),
        (125_000, "2 min 05 s"),
        (3_599_400, "59 min 59 s"),
        (3_599_600, "1 h 00 min"),
        (3_720_000, "1 h 02 min"),
    ],
)
def test_durations(ms, shown):
    assert cells.duration(ms) == shown


def test_moments():
    iso = "2026-11-23T23:36:01.999999Z"
    assert cells.moment(iso, UTC) == "2026-11-23 23:36:01"
    assert cells.moment(iso, timezone(timedelta(hours=1))) == "2026-11-24 00:36:01"
    assert cells.moment(None, UTC) == "-"


def test_text_is_one_line():
    assert cells.text("a\n b\tc") == "a b c"
    assert cells.text(200) == "200"
    assert cells.text("") == cells.text(None) == "-"


def test_numbers_are_added_where_they_are_known():
    row = {"a": 1, "b": None, "c": 2.5, "d": "text"}
    assert cells.number(row, "a", "b", "c") == 3.5
    assert cells.number(row, "b", "d", "absent") is None


@pytest.mark.parametrize(
    ("delivery", "call", "shown"),
    [
        ("delivered", "completed", "delivered"),
        ("delivered", "truncated", "delivered, upstream truncated"),
        ("delivered", None, "delivered, call running"),
        ("client_left", "abandoned", "client left"),
        ("client_left", "completed", "client left, call completed"),
        ("client_left", None, "client left, call running"),
        ("client_stalled", "abandoned", "client stalled"),
        ("upstream_failed", "timeout", "upstream timeout"),
        ("upstream_failed", "connect_failed", "connect failed"),
        ("upstream_failed", "completed", "upstream failed, call completed"),
        ("shutdown", "shutdown", "shutdown"),
        ("crashed", "crashed", "crashed"),
        ("crashed", "completed", "crashed, call completed"),
        ("some_new_one", "another", "some_new_one, another"),
    ],
)
def test_endings(delivery, call, shown):
    row = {"ended_at": "2026-11-23T04:36:00.000000Z", "outcome": delivery, "call_id": "c1", "call_outcome": call}
    assert cells.ending(row) == shown


def test_an_ending_without_a_call_and_none_yet():
    assert cells.ending({"ended_at": "2026-11-23T04:36:00.000000Z", "outcome": "rejected"}) == "rejected"
    assert cells.ending({"ended_at": None, "call_id": "c1", "call_outcome": "completed"}) == "open"


@pytest.mark.parametrize(
    ("served_by", "delivery", "call", "shown"),
    [
        ("joined", "delivered", "completed", "joined"),
        ("joined", "delivered", None, "joined, delivered, call running"),
        ("joined", "client_left", "abandoned", "joined, client left"),
        ("joined", "client_left", "completed", "joined, client left, call completed"),
        ("joined", "upstream_failed", "truncated", "joined, upstream truncated"),
        ("replayed", "delivered", "completed", "replayed"),
        ("replayed", "client_left", "completed", "replayed, client left"),
        ("call", "delivered", "completed", "delivered"),
        ("proxy", "upstream_failed", "timeout", "upstream timeout"),
    ],
)
def test_an_ending_says_who_served(served_by, delivery, call, shown):
    row = {"ended_at": "2026-11-23T04:36:00.000000Z", "outcome": delivery, "call_id": "c1", "call_outcome": call}
    # Whether the call lived on is told on the row of the client that left it.
    lived_on = {"policy": "drain", "detached_ms": 12_345.6 if served_by in ("joined", "replayed") else 0.0}
    assert cells.ending({**row, **lived_on, "served_by": served_by}) == shown


@pytest.mark.parametrize(
    ("policy", "detached_ms", "delivery", "call", "shown"),
    [
        ("drain", 12_345.6, "client_left", "completed", "client left, drain 12.3 s, completed"),
        ("drain", 300_000.0, "client_left", "abandoned", "client left, drain 5 min 00 s"),
        ("linger", 10_000.0, "client_left", "abandoned", "client left, linger 10.0 s"),
        ("linger", 10_000.0, "client_stalled", "truncated", "client stalled, linger 10.0 s, upstream truncated"),
        ("drain", 5.0, "client_left", "shutdown", "client left, drain 5.0 ms, shut down"),
        ("drain", None, "client_left", None, "client left, call running"),
        ("drain", 0.2, "client_left", "completed", "client left, call completed"),
        ("abort", 3.0, "client_left", "abandoned", "client left"),
        ("drain", 12_345.6, "delivered", "completed", "delivered"),
    ],
)
def test_an_ending_says_how_a_call_outlived_its_client(policy, detached_ms, delivery, call, shown):
    row = {"ended_at": "2026-11-23T04:36:00.000000Z", "outcome": delivery, "call_id": "c1", "call_outcome": call}
    assert cells.ending({**row, "served_by": "call", "policy": policy, "detached_ms": detached_ms}) == shown


def test_an_estimate_is_marked_where_there_is_one():
    assert cells.about("$0.0123", True) == "~$0.0123"
    assert cells.about("$0.0123", False) == "$0.0123"
    assert cells.about("-", True) == "-"


def test_every_outcome_has_its_words():
    assert set(cells._DELIVERIES) == set(ExchangeOutcome)
    assert set(cells._CALLS) == set(CallOutcome)


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ({"model": "m3", "model_sent": "m2", "model_requested": "m1"}, "m3"),
        ({"model": None, "model_sent": "m2", "model_requested": "m1"}, "m2"),
        ({"model": None, "model_sent": None, "model_requested": "m1"}, "m1"),
        ({"method": "GET", "path": "/v1/models"}, "GET /v1/models"),
    ],
)
def test_what_was_asked_for(row, shown):
    assert cells.asked(row) == shown
