"""JSON that TOML can say as well, for bodies that read better so."""

from __future__ import annotations

import json
import math
from typing import Any

# A body deeper than this is told as text.
MOST_DEPTH = 16
_LARGEST = 2**63


def as_table(data: bytes) -> dict[str, Any] | None:
    """The table that becomes exactly `data` again as compact JSON; None if there is none."""
    if not data.startswith(b"{"):
        return None
    try:
        value = json.loads(data)
        again = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return None
    return value if again == data and _sayable(value, MOST_DEPTH) else None


def _sayable(value: Any, depth: int) -> bool:
    match value:
        case None:
            return False
        case bool() | str():
            return True
        case int():
            return -_LARGEST <= value < _LARGEST
        case float():
            return math.isfinite(value)
        case dict():
            return depth > 0 and all(_sayable(each, depth - 1) for each in value.values())
        case _:
            return depth > 0 and all(_sayable(each, depth - 1) for each in value)
