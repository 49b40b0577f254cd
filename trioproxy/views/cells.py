"""Values of the ledger as short text for people: one function a kind. Unknown is `-`, never 0."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

Value = str | int | float | None
Row = Mapping[str, Value]

UNKNOWN = "-"

_DELIVERIES = {
    "delivered": "delivered",
    "client_left": "client left",
    "client_stalled": "client stalled",
    "upstream_failed": "upstream failed",
    "rejected": "rejected",
    "shutdown": "shutdown",
    "crashed": "crashed",
}
_CALLS = {
    "completed": "call completed",
    "abandoned": "call abandoned",
    "upstream_error": "upstream error",
    "truncated": "upstream truncated",
    "timeout": "upstream timeout",
    "connect_failed": "connect failed",
    "shutdown": "call shut down",
    "crashed": "call crashed",
    "internal_error": "internal error",
}
# What follows from the delivery's own word and need not be said again.
_IMPLIED = {
    ("delivered", "completed"),
    ("client_left", "abandoned"),
    ("client_stalled", "abandoned"),
    ("shutdown", "shutdown"),
    ("crashed", "crashed"),
}
# A call that is told to stop takes a moment to have stopped.
_NOTEWORTHY_MS = 1.0


def number(row: Row, *names: str) -> float | None:
    """The sum of the columns `names` that are known; None if none is."""
    known = [value for name in names if isinstance(value := row.get(name), int | float)]
    return sum(known) if known else None


def text(value: Value) -> str:
    """Anything as it is, on one line."""
    return UNKNOWN if value is None or value == "" else " ".join(str(value).split())


def count(value: float | None) -> str:
    """Exact up to five digits, then three significant ones: `98765`, `123k`, `1.23M`, `4.57G`."""
    if value is None:
        return UNKNOWN
    if value < 99_999.5:
        return f"{value:.0f}"
    for unit, size in (("k", 1e3), ("M", 1e6)):
        if value < 999.5 * size:
            return _three_digits(value / size) + unit
    return _three_digits(value / 1e9) + "G"


def money(usd: float | None) -> str:
    """Dollars, with as many decimals as small sums need: `$12.35`, `$0.123`, `$0.0012`, `<$0.0001`."""
    if usd is None:
        return UNKNOWN
    if usd == 0:
        return "$0"
    size = abs(usd)
    sign = "-" if usd < 0 else ""
    if size < 0.00005:
        return f"{sign}<$0.0001"
    decimals = 2 if size >= 0.995 else 3 if size >= 0.0995 else 4
    return f"{sign}${size:,.{decimals}f}"


def about(shown: str, estimated: bool) -> str:
    """`shown`, marked if it is estimated: `~1234`, `~$0.0123`."""
    return f"~{shown}" if estimated and shown != UNKNOWN else shown


def duration(ms: float | None) -> str:
    """Two units at most: `0.4 ms`, `12 ms`, `1.23 s`, `45.6 s`, `2 min 05 s`, `1 h 02 min`."""
    if ms is None:
        return UNKNOWN
    if ms < 9.95:
        return f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    if ms < 59_950:
        return f"{_three_digits(ms / 1000)} s"
    seconds = round(ms / 1000)
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min"


def moment(iso: Value, zone: tzinfo | None = None) -> str:
    """A timestamp of the ledger in `zone` (the local one if None), to the second: `2026-11-23 04:36:00`."""
    if not isinstance(iso, str):
        return UNKNOWN
    return datetime.fromisoformat(iso).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def ending(row: Row) -> str:
    """How a row of `requests` ended, delivery first: `delivered`, `client left, call completed`, `open`.

    `joined` and `replayed` are deliveries without a call of their own. If the call outlived its client, the policy
    that let it is told, and for how long: `client left, drain 12.3 s, completed`.
    """
    if row.get("ended_at") is None:
        return "open"
    served_by = row.get("served_by")
    if served_by not in ("joined", "replayed"):
        return _ending(row)
    # The call that is replayed had ended before.
    said = _ending({**row, "call_id": None} if served_by == "replayed" else row)
    return str(served_by) if said == "delivered" else f"{served_by}, {said}"


def asked(row: Row) -> str:
    """What a row of `requests` asked for: the model, or method and path where there is none."""
    model = row.get("model") or row.get("model_sent") or row.get("model_requested")
    return text(model) if model else f"{text(row.get('method'))} {text(row.get('path'))}"


def _ending(row: Row) -> str:
    delivery, call = row.get("outcome"), row.get("call_outcome")
    said = _DELIVERIES.get(str(delivery), text(delivery))
    told = "call running" if call is None else _CALLS.get(str(call), text(call))
    if row.get("call_id") is None or (delivery, call) in _IMPLIED:
        told = ""
    elif delivery == "upstream_failed" and call not in (None, "completed"):
        said = ""
    alone = _alone(row)
    if alone:
        told = told.removeprefix("call ")
    return ", ".join(part for part in (said, alone, told) if part)


def _alone(row: Row) -> str:
    """The policy by which a call lived on without a client, and how long it did."""
    detached_ms = number(row, "detached_ms") or 0
    left = row.get("outcome") in ("client_left", "client_stalled") and row.get("served_by") == "call"
    if not left or detached_ms < _NOTEWORTHY_MS or row.get("policy") == "abort":
        return ""
    return f"{text(row.get('policy'))} {duration(detached_ms)}"


def _three_digits(value: float) -> str:
    if value < 9.995:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"
