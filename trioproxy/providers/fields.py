"""Members of somebody else's JSON, taken as they come: what is not of the expected kind is not there.

An answer is metered in passing; it may be garbled, of a newer API version, or
of a server that only resembles the API. So nothing here raises on a value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

T = TypeVar("T")

_MAX_TEXT_CHARS = 500
_MAX_COUNT = 2**53  # beyond it, numbers in JSON are not exact (RFC 8259, 6)
_MAX_TOOLS = 256


def parse(parser: Callable[[bytes], T], data: bytes | None) -> T | None:
    """What `parser` makes of `data`, or None where it cannot: not JSON, not the shape, nested too deep."""
    try:
        return parser(data) if data else None
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors, bad UTF-8 included
        return None


_parse_any = msgspec.json.Decoder().decode


def parsed(data: bytes | None) -> object:
    """The JSON value, or None where there is none."""
    return parse(_parse_any, data)


def members(value: object) -> dict[str, object]:
    """The members of an object; none of anything else."""
    return value if isinstance(value, dict) else {}


def elements(value: object) -> list[object]:
    """The elements of an array; none of anything else."""
    return value if isinstance(value, list) else []


def text(value: object) -> str | None:
    """A string with something in it, cut to 500 characters."""
    return value[:_MAX_TEXT_CHARS] if isinstance(value, str) and value else None


def count(value: object) -> int | None:
    """A number of things: an integer that is not negative. `5.0` and `"5"` count, true does not."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 17:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MAX_COUNT:
        return None
    return int(value) if value == int(value) else None


def first_count(*values: object) -> int | None:
    """The first of `values` that is a count."""
    return next((number for value in values if (number := count(value)) is not None), None)


def fault(value: object) -> str:
    """An error object in one line: "type: message", or as much of it as there is."""
    if isinstance(value, str):
        return text(value) or "error"
    error = members(value)
    code = error.get("code")
    kind = text(error.get("type")) or text(str(code) if isinstance(code, int) else code)
    message = text(error.get("message"))
    return ": ".join(part for part in (kind, message) if part) or "error"


class ToolNames:
    """The names of the tools that an answer calls, one for each call; beyond 256 it stops."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self._seen: set[object] = set()

    def add(self, name: object, key: object = None) -> None:
        """Note a call. Of several with one `key` only the first counts."""
        known = text(name)
        if known is None or len(self.names) >= _MAX_TOOLS or (key is not None and key in self._seen):
            return
        if key is not None:
            self._seen.add(key)
        self.names += (known,)
