"""JSON as a value, and a value as the one text that stands for it.

Two bodies are the same if they differ in nothing but the order of members,
white space and the way characters are escaped. Numbers stay as they were
written: `1`, `1.0` and `1e0` are three literals that an API may read in three
ways, and an integer of thirty digits is no float.

A text whose objects name a member twice has no one meaning (RFC 8259, 4): one
reader takes the first, another the last. It is no value here, so that nobody
decides anything by the member that the upstream does not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import msgspec

# Levels of nesting left to whoever calls `canonical` from further down the stack than `parse` was called.
_SPARE_LEVELS = 64

_decode: Callable[[bytes], object] = msgspec.json.Decoder(float_hook=msgspec.Raw).decode
_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="deterministic").encode
# What the decoder takes for `0`, or a string that looks like it; and a colon that is not written as one.
_minus_zero = re.compile(rb"-0(?<![^\s:,\[]-0)(?![^\s,\]}])").search
_hidden_colon = re.compile(rb"\\u003[aA]").search


def parse(body: bytes) -> object | None:
    """The JSON value, or None: not JSON, nested too deep (some 900 levels), or with a name twice in one object.

    Objects are dicts, arrays lists, strings str, integers int; other numbers, and `-0`, are
    `msgspec.Raw` with the literal (see `number`). None is also what `null` is.
    """
    try:
        nested = value = _decode(body)
        for _ in range(_SPARE_LEVELS):
            nested = [nested]
        text = _encode(nested)
        # The encoder writes the shortest text there is: nothing was overridden, nothing written otherwise.
        if len(text) == len(body) + 2 * _SPARE_LEVELS:
            return value
        if _hidden_colon(body) or _minus_zero(body):
            return _parse_carefully(body)
        # A member that was overridden took its colon along.
        return value if text.count(b":") == body.count(b":") else None
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors, bad UTF-8 included
        return None


def canonical(value: object) -> bytes:
    """What `parse` returned, or a part of it, as JSON: members sorted, no white space, numbers as written.

    Equal values give equal bytes and different values different ones.

    Raises:
        RecursionError: called much further down the stack than `parse` was, with a deeply nested value.
    """
    return _encode_sorted(value)


def number(value: object) -> float | None:
    """The number that a value of `parse` is; None if it is none. Beyond the floats it is an infinity.

    Example: `number(parse(b"1e400"))` is `inf`, and `number(True)` is None.
    """
    if isinstance(value, msgspec.Raw):
        return float(bytes(value))
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _parse_carefully(body: bytes) -> object | None:
    """The same for any text, at several times the cost. Raises ValueError for a name that occurs twice."""
    value: object = json.loads(body.decode(), parse_float=msgspec.Raw, parse_int=_integer, object_pairs_hook=_members)
    return value


def _integer(literal: str) -> int | msgspec.Raw:
    return msgspec.Raw(literal) if literal == "-0" else int(literal)


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice in one object")
    return found
