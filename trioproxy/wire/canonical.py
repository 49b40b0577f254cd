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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

# A text that only looks suspicious is read at several times the cost, up to this size.
CAREFULLY_BYTES = 1 << 18
# An object with more members is no request of an API: it is read as a whole.
MAX_MEMBERS = 1_000

_decode: Callable[[bytes], object] = msgspec.json.Decoder(float_hook=msgspec.Raw).decode
_encode_sorted = msgspec.json.Encoder(order="deterministic").encode
# What the decoder takes for `0`, or a string that looks like it; and a colon that is not written as one.
_minus_zero = re.compile(rb"-0(?<![^\s:,\[]-0)(?![^\s,\]}])").search
_hidden_colon = re.compile(rb"\\u003[aA]").search


@dataclass(frozen=True, slots=True)
class Json:
    """A text that could be read: its value, and its canonical text. It may hold a prompt, so it does not show itself.

    `members`: of an object, the canonical text of each member's value by its name, sorted by name; else None.
    """

    value: object = field(repr=False)
    members: Mapping[str, bytes] | None = field(repr=False)

    @property
    def pieces(self) -> list[bytes]:
        """The canonical text, cut: members sorted, no white space, numbers as written."""
        return [canonical(self.value)] if self.members is None else pieces(self.members)


def read(body: bytes) -> Json | None:
    """The JSON text, or None: not JSON, nested too deep (some 900 levels), or with a name twice in one object.

    In the value objects are dicts, arrays lists, strings str, integers int; other numbers, and `-0`, are
    `msgspec.Raw` with the literal (see `number`).
    """
    try:
        found = _json(_decode(body))
        text_bytes = _length(found)
        # The canonical text is the shortest there is: nothing was overridden, nothing written otherwise.
        if text_bytes == len(body):
            return found
        if _hidden_colon(body) or _minus_zero(body):
            return _json(_decoded_carefully(body)) if len(body) <= CAREFULLY_BYTES else None
        # A member that was overridden took its colon along.
        return found if _colons(found) == body.count(b":") else None
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors, bad UTF-8 included
        return None


def parse(body: bytes) -> object | None:
    """The value that `read` finds, or None; None is also what `null` is."""
    found = read(body)
    return found.value if found is not None else None


def canonical(value: object) -> bytes:
    """The text of a value that was read, or of a part of it.

    Equal values give equal bytes and different values different ones.

    Raises:
        RecursionError: called much further down the stack than `read` was, with a deeply nested value.
    """
    return _encode_sorted(value)


def pieces(members: Mapping[str, bytes]) -> list[bytes]:
    """The text of the object with these members, canonical if they are sorted by name; each value is a piece."""
    found: list[bytes] = []
    mark = b"{"
    for name, text in members.items():
        found += (mark + _encode_sorted(name) + b":", text)
        mark = b","
    return [*found, b"}" if found else b"{}"]


def number(value: object) -> float | None:
    """The number that a value is; None if it is none. Beyond the floats it is an infinity.

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


def _json(value: object) -> Json:
    if not isinstance(value, dict) or len(value) > MAX_MEMBERS:
        return Json(value, None)
    return Json(value, {name: _encode_sorted(value[name]) for name in sorted(value)})


def _length(found: Json) -> int:
    if found.members is None:
        return len(_encode_sorted(found.value))
    # Of an object: its brackets, and a colon and a comma for each member, but the last one's.
    names = sum(len(_encode_sorted(name)) for name in found.members)
    return 2 + names + sum(map(len, found.members.values())) + max(0, 2 * len(found.members) - 1)


def _colons(found: Json) -> int:
    if found.members is None:
        return _encode_sorted(found.value).count(b":")
    return sum(name.count(":") + 1 + text.count(b":") for name, text in found.members.items())


def _decoded_carefully(body: bytes) -> object:
    """The same for any text, at several times the cost. Raises ValueError for a name that occurs twice."""
    return json.loads(
        body.decode(), parse_float=msgspec.Raw, parse_int=_integer, object_pairs_hook=_members
    )  # fmt: skip


def _integer(literal: str) -> int | msgspec.Raw:
    return msgspec.Raw(literal) if literal == "-0" else int(literal)


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice in one object")
    return found
