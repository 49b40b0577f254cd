"""What people say after `--since`, as a moment."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

EXPECTED = "expected 90s, 30m, 1h, 2d, 1w, today, yesterday, a date (2026-11-23) or a time (2026-11-23T14:30)"

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])", re.ASCII)


def since(text: str, now: datetime) -> datetime:
    """The moment that `text` names, seen from `now`, which has a zone.

    `today`, `yesterday` and dates begin at midnight, and times without a zone are meant, in the zone of `now`.

    Raises:
        ValueError: it is none of these; the message says what was expected.
    """
    if now.tzinfo is None:
        raise ValueError("`now` has no zone")
    word = text.strip().lower()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if word == "today":
        return midnight
    if word == "yesterday":
        return midnight - timedelta(days=1)
    try:
        if ago := _AGO.fullmatch(word):
            return now - timedelta(**{_UNITS[ago[2]]: float(ago[1])})
        moment = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a moment; {EXPECTED}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
