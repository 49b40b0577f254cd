"""Edits of single members of a JSON text (RFC 8259); every other byte stays what it was.

    replaced(b'{"model": "a", "n": 1.0}', ("model",), b'"b"')  # b'{"model": "b", "n": 1.0}'
    removed(b'{"a": 1, "b": 2}', ("b",))                       # b'{"a": 1}'
    added(b'{"a": 1}', "b", b"2")                              # b'{"a": 1,"b":2}'

To decode and write anew would change numbers, escapes, white space, the order and
the number of members. Here msgspec checks the text and says, in C, how long each value
of a container is; the members are then walked from one to the next. A name that is
there twice has no one meaning (RFC 8259, 4): a path through it is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec

# From the top of the text down: names of members, indexes of elements.
Path = tuple[str | int, ...]
EndOf = Callable[[str | int, int], int]

_OPENING = re.compile(rb"[ \t\r\n]*+([\[{])[ \t\r\n]*+")
_NAME = re.compile(rb'("(?>(?:[^"\\\x00-\x1f]++|\\.)*)")[ \t\r\n]*+:[ \t\r\n]*+')
_MARK = re.compile(rb"[ \t\r\n]*+([,\]}])[ \t\r\n]*+")

_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


class EditError(ValueError):
    """The text cannot be edited: not JSON, not an object or array, nested too deep, or a name is there twice."""


class NoSuchMember(EditError):
    """The path leads nowhere."""


@dataclass(frozen=True, slots=True)
class _Member:
    """Where a member of an object is in the text, or an element of an array, whose name is its index."""

    name: str | int
    start: int  # of the name, or of an element's value
    value: int
    end: int


def value_at(text: bytes, path: Path) -> bytes | None:
    """The JSON of the value at `path`, or None where there is none.

    Raises:
        EditError: see there.
    """
    *way, name = _names(path)
    try:
        for step in way:
            into = _container(text, step)
            text = text[into.value : into.end]
        found = _member(_members(text), name)
    except NoSuchMember:
        return None
    return text[found.value : found.end]


def replaced(text: bytes, path: Path, new_json: bytes) -> bytes:
    """`text` with `new_json` in the place of the value at `path`.

    Raises:
        EditError: see there; or `new_json` is not one JSON value.
        NoSuchMember: there is no such value.
    """
    _check(new_json)

    def edit(container: bytes, name: str | int) -> bytes:
        member = _member(_members(container), name)
        return container[: member.value] + new_json + container[member.end :]

    return _edited(text, path, edit)


def removed(text: bytes, path: Path) -> bytes:
    """`text` without the member at `path`, and without the comma before it (after it, if it is the first).

    Raises:
        EditError: see there.
        NoSuchMember: there is no such member.
    """

    def edit(container: bytes, name: str | int) -> bytes:
        members = _members(container)
        member = _member(members, name)
        at = members.index(member)
        if at:
            return container[: container.index(b",", members[at - 1].end)] + container[member.end :]
        end = members[1].start if len(members) > 1 else member.end
        return container[: member.start] + container[end:]

    return _edited(text, path, edit)


def added(text: bytes, name: str, value_json: bytes, *, within: Path = ()) -> bytes:
    """`text` with a new last member of its object, or of the object at `within`.

    Raises:
        EditError: see there; or there is a member of that name, or `value_json` is not one JSON value.
        NoSuchMember: there is no object at `within`.
    """
    _check(value_json)
    new = msgspec.json.encode(name) + b":" + value_json

    def edit(container: bytes) -> bytes:
        if not container.lstrip().startswith(b"{"):
            raise EditError("only an object takes members")
        members = _members(container)
        if any(member.name == name for member in members):
            raise EditError(f"there is a member {name!r} already")
        end = members[-1].end if members else container.index(b"{") + 1
        return container[:end] + (b"," if members else b"") + new + container[end:]

    return _edited(text, within, lambda container, step: _spliced(container, step, edit)) if within else edit(text)


def _edited(text: bytes, path: Path, edit: Callable[[bytes, str | int], bytes]) -> bytes:
    """`text` with what `edit` makes of the container that the path's last name is in."""
    name, *rest = _names(path)
    return _spliced(text, name, lambda value: _edited(value, tuple(rest), edit)) if rest else edit(text, name)


def _spliced(text: bytes, name: str | int, edit: Callable[[bytes], bytes]) -> bytes:
    into = _container(text, name)
    return text[: into.value] + edit(text[into.value : into.end]) + text[into.end :]


def _names(path: Path) -> Path:
    if not path:
        raise EditError("an empty path leads to no member")
    return path


def _check(new_json: bytes) -> None:
    try:
        is_one = len(_members(b"[" + new_json + b"]")) == 1
    except EditError:
        is_one = False
    if not is_one:
        raise EditError("what is to be put in is not one JSON value")


def _container(text: bytes, name: str | int) -> _Member:
    """The member `name`, whose value has members itself."""
    member = _member(_members(text), name)
    if text[member.value] not in b"{[":
        raise NoSuchMember(f"{name!r} is neither an object nor an array")
    return member


def _member(members: list[_Member], name: str | int) -> _Member:
    found = [member for member in members if member.name == name]
    if not found:
        raise NoSuchMember(f"there is no {name!r}")
    if len(found) > 1:
        raise EditError(f"{name!r} is there {len(found)} times")
    return found[0]


def _members(text: bytes) -> list[_Member]:
    """The members of the one object (the elements of the one array) that `text` is."""
    try:
        return _walk(text, _by_length(text))
    except EditError:
        # A name is there twice, so that the lengths are of the last one alone; or there is half of a
        # surrogate pair, which the grammar allows (RFC 8259, 8.2) and msgspec does not.
        return _walk(text, _by_scanning(text))


def _by_length(text: bytes) -> EndOf:
    """Where values end, by what msgspec says of each name or index."""
    try:
        values: Any = _array(text) if text.lstrip().startswith(b"[") else _object(text)
    except (ValueError, RecursionError) as error:
        raise EditError(f"not JSON that can be edited: {error}") from error

    def end_of(name: str | int, at: int) -> int:
        value = bytes(values[name])
        if not text.startswith(value, at):
            raise EditError(f"{name!r} is there more than once")
        return at + len(value)

    return end_of


def _by_scanning(text: bytes) -> EndOf:
    """Where values end, by decoding each: ten times slower, and no assumption is made."""
    decode = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse).raw_decode
    characters = text.decode("latin-1")  # a byte is a character, so places are the same

    def end_of(name: str | int, at: int) -> int:
        try:
            return decode(characters, at)[1]
        except (ValueError, RecursionError) as error:
            raise EditError(f"not JSON that can be edited, at {name!r}: {error}") from error

    return end_of


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON value")


def _walk(text: bytes, end_of: EndOf) -> list[_Member]:
    opening = _OPENING.match(text)
    if opening is None:
        raise EditError("neither an object nor an array")
    is_array = opening[1] == b"["
    closing = b"]" if is_array else b"}"
    members: list[_Member] = []
    mark: re.Match[bytes] | None = opening
    if text.startswith(closing, opening.end()):
        mark = _MARK.match(text, opening.end())
    while mark is not None and mark[1] in b"{[,":
        start = value = mark.end()
        name: str | int = len(members)
        if not is_array:
            name, value = _name_at(text, start)
        end = end_of(name, value)
        members.append(_Member(name, start, value, end))
        mark = _MARK.match(text, end)
    if mark is None or mark[1] != closing or mark.end() != len(text):
        raise EditError(f"not JSON that can be edited, after member {len(members)}")
    return members


def _name_at(text: bytes, at: int) -> tuple[str, int]:
    """The name of the member that begins at `at`, and where its value does."""
    found = _NAME.match(text, at)
    if found is None:
        raise EditError(f"not JSON that can be edited: no name at byte {at}")
    try:
        return (json.loads(found[1]) if b"\\" in found[1] else found[1][1:-1].decode()), found.end()
    except ValueError as error:
        raise EditError(f"not JSON that can be edited, in the name at byte {at}: {error}") from error
