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
from dataclasses import dataclass, field, replace
from hashlib import sha256

import msgspec

# A text that only looks suspicious is read at several times the cost, up to this size.
CAREFULLY_BYTES = 1 << 18
# An object with more members is no request of an API: it is read as a whole.
MAX_MEMBERS = 1_000

_decode: Callable[[bytes], object] = msgspec.json.Decoder(float_hook=msgspec.Raw).decode
_encode_sorted = msgspec.json.Encoder(order="deterministic").encode
_encode_into = msgspec.json.Encoder(order="deterministic").encode_into
_AT_A_TIME = 16
_COMMA = ord(",")
# What the decoder takes for `0`, or a string that looks like it; and a colon that is not written as one.
_minus_zero = re.compile(rb"-0(?<![^\s:,\[]-0)(?![^\s,\]}])").search
_hidden_colon = re.compile(rb"\\u003[aA]").search


@dataclass(frozen=True, slots=True)
class Json:
    """A text that could be read: its value, and what tells it from others. It may hold a prompt: it shows neither.

    `digests`: of an object, SHA-256 of the canonical text of each member's value by its name, sorted by name; else
    None. The texts themselves are not kept: a megabyte that is written, and read again when it has left the
    processor's caches, costs more than everything else that is done with it.
    `shortest`: but for the order of members it was written so, too: nothing is escaped that need not be.
    """

    value: object = field(repr=False)
    digests: Mapping[str, bytes] | None = field(repr=False)
    shortest: bool = False


def read(body: bytes) -> Json | None:
    """The JSON text, or None: not JSON, nested too deep (some 900 levels), or with a name twice in one object.

    In the value objects are dicts, arrays lists, strings str, integers int; other numbers, and `-0`, are
    `msgspec.Raw` with the literal (see `number`).
    """
    try:
        value = _decode(body)
        found, text_bytes = _digested(value)
        # The canonical text is the shortest there is: nothing was overridden, nothing written otherwise.
        if text_bytes == len(body):
            return replace(found, shortest=True)
        if _hidden_colon(body) or _minus_zero(body):
            return _digested(_decoded_carefully(body))[0] if len(body) <= CAREFULLY_BYTES else None
        # A member that was overridden took its colon along.
        return found if canonical(value).count(b":") == body.count(b":") else None
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


def digest(value: object) -> bytes:
    """SHA-256 of the canonical text of a value, or of a part of it. Raises RecursionError, as `canonical` does."""
    return _written(value, bytearray())[0]


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


def _digested(value: object) -> tuple[Json, int]:
    """The value with the digests of its members, and the length of its canonical text in bytes."""
    if not isinstance(value, dict) or len(value) > MAX_MEMBERS:
        return Json(value, None), len(_encode_sorted(value))
    digests, text_bytes, scratch = {}, 1 + max(1, len(value)), bytearray()  # brackets and commas
    for name in sorted(value):
        digests[name], size_bytes = _written(value[name], scratch)
        text_bytes += len(_encode_sorted(name)) + 1 + size_bytes
    return Json(value, digests), text_bytes


def _written(value: object, scratch: bytearray) -> tuple[bytes, int]:
    """SHA-256 of a canonical text, and its length in bytes.

    Of a long array (a conversation) some elements are written at a time, over those before them.
    """
    if not isinstance(value, list) or len(value) <= _AT_A_TIME:
        text = _encode_sorted(value)
        return sha256(text).digest(), len(text)
    hashed, text_bytes = sha256(), 1
    for start in range(0, len(value), _AT_A_TIME):
        _encode_into(value[start : start + _AT_A_TIME], scratch)
        scratch.pop()  # the bracket
        if start:
            scratch[0] = _COMMA
        hashed.update(scratch)
        text_bytes += len(scratch)
    hashed.update(b"]")
    return hashed.digest(), text_bytes


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
