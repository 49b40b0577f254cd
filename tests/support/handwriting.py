"""JSON as different hands write it: any order of members, any white space, any escapes; the same value.

A number is a `Literal`, for `1` and `1.0` are two things here. `meaning` says apart from the code under test when two
values are the same.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True)
class Literal:
    """A number as it is written."""

    text: str


_WHOLE = ["0", "-0", "1", "-1", "9007199254740993", "18446744073709551615", "18446744073709551616", "1" + "0" * 30]
_BROKEN = ["1.0", "1e0", "1E0", "1e+0", "10e-1", "1.00", "0.0", "-0.0", "0.1", "1e400", "1e401"]
NUMBERS = st.sampled_from([*_WHOLE, *_BROKEN]).map(Literal)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["", ":", '":', "-0", " -0,", "\\u003a", "\\", '"', "/", "\b\f\n\r\t\x00\x1f\x7f", "é", "\u2028", "🙂", "1", "null"]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
HANDS = st.integers(0, 2**32).map(random.Random)


def written(value: Any, hand: random.Random | None = None) -> bytes:
    """`value` as JSON: as `hand` likes it, else short and in order."""
    return _written(value, hand).encode()


def meaning(value: Any) -> Any:
    """Equal for values that are the same, and only for them."""
    match value:
        case dict():
            return frozenset((key, meaning(each)) for key, each in value.items())
        case list():
            return tuple(meaning(each) for each in value)
        case bool() | None:
            return ("word", value)
    return value


def _written(value: Any, hand: random.Random | None) -> str:
    gap = hand.choice(["", "", " ", "\n\t", "\r"]) if hand else ""
    match value:
        case dict():
            pairs = list(value.items())
            if hand:
                hand.shuffle(pairs)
            inner = [f"{gap}{_quoted(key, hand)}{gap}:{_written(each, hand)}" for key, each in pairs]
            return gap + "{" + f"{gap},".join(inner) + gap + "}" + gap
        case list():
            return f"{gap}[{gap}{','.join(_written(each, hand) for each in value)}]{gap}"
        case str():
            return gap + _quoted(value, hand) + gap
        case Literal():
            return gap + value.text + gap
    return gap + {None: "null", True: "true", False: "false"}[value] + gap


_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _quoted(text: str, hand: random.Random | None) -> str:
    return f'"{"".join(_character(each, hand) for each in text)}"'


def _character(each: str, hand: random.Random | None) -> str:
    code = ord(each)
    if hand and hand.random() < 0.3:
        units = [code] if code < 0x10000 else [0xD800 + ((code - 0x10000) >> 10), 0xDC00 + ((code - 0x10000) & 0x3FF)]
        return "".join(hand.choice(["\\u%04x", "\\u%04X"]) % unit for unit in units)
    if hand and each == "/":
        return "\\/"
    return _SHORT.get(each) or (f"\\u{code:04x}" if code < 0x20 else each)
