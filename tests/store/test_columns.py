"""Rows as column values."""

from __future__ import annotations

import pytest

from trioproxy.store.columns import storable, timestamp


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000000Z"),
        (1_795_408_560.123456, "2026-11-23T04:36:00.123456Z"),
        (1_795_408_560.9999999, "2026-11-23T04:36:01.000000Z"),
    ],
)
def test_timestamps_are_utc_with_microseconds_and_one_length(at, text):
    assert timestamp(at) == text


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("é", "é"),
        ("\udcff", "\\udcff"),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (-(2**63), None),
        (1.5, 1.5),
        (None, None),
    ],
)
def test_what_a_database_takes(value, stored):
    assert storable(value) == stored
