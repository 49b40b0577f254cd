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
from dataclasses import dataclass, field
from hashlib import sha256

import msgspec

# A text that only looks suspicious is read at several times the cost, up to this size.
CAREFULLY_BYTES = 1 << 18

Update = Callable[[bytes | memoryview], None]

_decode: Callable[[bytes], object] = msgspec.json.Decoder(float_hook=msgspec.Raw).decode
_encode_sorted = msgspec.json.Encoder(order="deterministic").encode
_encode_into = msgspec.json.Encoder(order="deterministic").encode_into
# How much of a long array is written at a time. An array of up to so many is written with all else.
_AT_A_TIME = 64
# hashlib keeps the interpreter lock up to here (`HASHLIB_GIL_MINSIZE`).
_LOCKED_BYTES = 2_047
_COMMA = ord(",")
NOTHING: frozenset[str] = frozenset()
# What the decoder takes for `0`, or a string that looks like it; and a colon that is not written as one.
_minus_zero = re.compile(rb"-0(?<![^\s:,\[]-0)(?![^\s,\]}])").search
_hidden_colon = re.compile(rb"\\u003[aA]").search


@dataclass(frozen=True, slots=True)
class Json:
    """A text that could be read: its value, and what tells it from others. It may hold a prompt: it shows neither.

    `digest`: equal for equal values and different for different ones (see `digest`), but for the members that were
    set apart. The text itself is not kept: a megabyte that is written, and read again when it has left the
    processor's caches, costs more than everything else that is done with it.
    `shortest`: but for the order of members it was written so, too: nothing is escaped that need not be.
    """

    value: object = field(repr=False)
    digest: bytes = field(repr=False)
    shortest: bool


def read(body: bytes, apart: frozenset[str] = NOTHING) -> Json | None:
    """The JSON text, or None: not JSON, nested too deep (some 900 levels), or with a name twice in one object.

    In the value objects are dicts, arrays lists, strings str, integers int; other numbers, and `-0`, are
    `msgspec.Raw` with the literal (see `number`).

    Args:
        apart: members of the outermost object that make no difference to the digest.
    """
    try:
        value = _decode(body)
        found, text_bytes = _digested(value, apart)
        # The canonical text is the shortest there is: nothing was overridden, nothing written otherwise.
        if text_bytes == len(body):
            return Json(value, found, shortest=True)
        if _hidden_colon(body) or _minus_zero(body):
            if len(body) > CAREFULLY_BYTES:
                return None
            value = _decoded_carefully(body)
            return Json(value, _digested(value, apart)[0], shortest=False)
        # A member that was overridden took its colon along.
        overridden = canonical(value).count(b":") != body.count(b":")
        return Json(value, found, shortest=False) if not overridden else None
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
    """32 bytes, equal for equal values and different for different ones. Raises RecursionError, as `canonical` does.

    SHA-256 of the canonical text, in which the long arrays of an object come after its other members.
    """
    return _digested(value, NOTHING)[0]


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


def _digested(value: object, apart: frozenset[str]) -> tuple[bytes, int]:
    """The digest of a value, `apart` left out; and the length in bytes of its canonical text, all of it."""
    hashed = sha256()
    if not isinstance(value, dict):
        text_bytes = _write(_encode_sorted(value), hashed.update)
        return hashed.digest(), text_bytes
    rest, text_bytes = value.copy(), 0
    for name in apart.intersection(value):
        text_bytes += len(_encode_sorted({name: rest.pop(name)})) - 1  # two braces less, a comma more
    arrays = [name for name in rest if isinstance(rest[name], list) and len(rest[name]) > _AT_A_TIME]
    long = [(_encode_sorted(name), rest.pop(name)) for name in sorted(arrays)]
    text_bytes += _write(_encode_sorted(rest), hashed.update) - (not rest and len(value) > 0)
    for quoted, array in long:
        text_bytes += _write(quoted, hashed.update) + 2 + _write_array(array, hashed.update)
    return hashed.digest(), text_bytes


def _write_array(array: list[object], update: Update) -> int:
    """`_write` the text of an array, some elements at a time, over those before them."""
    scratch, text_bytes = bytearray(), 1
    for start in range(0, len(array), _AT_A_TIME):
        _encode_into(array[start : start + _AT_A_TIME], scratch)
        scratch.pop()  # the bracket
        if start:
            scratch[0] = _COMMA
        text_bytes += _write(scratch, update)
    update(b"]")
    return text_bytes


def _write(text: bytes | bytearray, update: Update) -> int:
    """Hash a text, and return its length in bytes.

    Of longer pieces hashlib lets go of the interpreter lock meanwhile. Then the ledger's thread takes it, and each of
    them wakes the other up: that cost twice what hashing 50 kB does.
    """
    with memoryview(text) as whole:
        for start in range(0, len(text), _LOCKED_BYTES):
            update(whole[start : start + _LOCKED_BYTES])
    return len(text)


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
