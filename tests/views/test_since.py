"""What people say after `--since`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from trioproxy.views.since import since

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 11, 23, 14, 30, 15, 123, ZONE)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("30m", NOW - timedelta(minutes=30)),
        ("1h", NOW - timedelta(hours=1)),
        ("1.5H", NOW - timedelta(minutes=90)),
        (" 2 d ", NOW - timedelta(days=2)),
        ("1w", NOW - timedelta(weeks=1)),
        ("today", datetime(2026, 11, 23, tzinfo=ZONE)),
        ("Yesterday", datetime(2026, 11, 22, tzinfo=ZONE)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=ZONE)),
        ("2026-11-20T08:00", datetime(2026, 11, 20, 8, tzinfo=ZONE)),
        ("2026-11-20 08:00:30", datetime(2026, 11, 20, 8, 0, 30, tzinfo=ZONE)),
        ("2026-11-20T08:00Z", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("2026-11-20T08:00-05:00", datetime(2026, 11, 20, 13, tzinfo=UTC)),
    ],
)
def test_moments(text, moment):
    assert since(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "h", "1", "1y", "-1h", "tomorrow", "2026-13-01", "9999999999d", "١h"])
def test_what_is_none_says_what_was_expected(text):
    with pytest.raises(ValueError, match=r"is not a moment; expected 90s, 30m, 1h"):
        since(text, NOW)


def test_now_must_have_a_zone():
    with pytest.raises(ValueError, match="no zone"):
        since("1h", datetime(2026, 11, 23))
