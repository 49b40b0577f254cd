"""Chosen members of a JSON text of any size, read incrementally in constant memory.

    reader = MemberReader([("usage",), ("choices", "*", "finish_reason")])
    reader.feed(...)  # any number of times, cut anywhere
    reader.value("usage")  # b'{"prompt_tokens":…}', still JSON

What no path leads into is jumped over in C: numbers, strings, and small
containers whole. So an answer with megabytes of numbers costs a few milliseconds
a megabyte and is never held. Never raises: of a text that is not JSON (RFC 8259) something
or nothing is read. It does not validate; whoever decodes a value does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

Path = tuple[str, ...]

# Possessive (`++`) and atomic (`(?>`): what has matched is never looked at twice, so time stays linear. No group is
# possessive: Python before 3.11.5 mistakes where such a one ends (python/cpython#106052).
_PLAIN = rb'[^"{}\[\]]++'
_REST_OF_STRING = rb'(?>(?:[^"\\]++|\\.)*)'
_STRING = rb'"' + _REST_OF_STRING + rb'"'
_FLAT = rb"[\[{](?>(?:" + _PLAIN + rb"|" + _STRING + rb")*)[\]}]"
_SHALLOW = rb"[\[{](?>(?:" + _PLAIN + rb"|" + _STRING + rb"|" + _FLAT + rb")*)[\]}]"

_STRING_GOES_ON = re.compile(_REST_OF_STRING, re.DOTALL)
_NOT_OF_NOTE = re.compile(rb"(?>(?:" + _PLAIN + rb"|" + _STRING + rb"|" + _SHALLOW + rb")*)", re.DOTALL)
_STRUCTURE = re.compile(rb'["{}\[\]]')
_NOT_SPACE = re.compile(rb"[^ \t\r\n]")
_SCALAR_END = re.compile(rb'[,\]} \t\r\n:"{\[]')
_KEY_BYTES = 256  # a longer key is none that is looked for


class _Node:
    """One step of the wanted paths. `path` is set where a wanted value is."""

    __slots__ = ("children", "path")

    def __init__(self) -> None:
        self.children: dict[bytes, _Node] = {}
        self.path: Path | None = None


class MemberReader:
    """Collects the values at `paths`; `"*"` stands for every element of an array.

    Args:
        paths: member names from the top of the text down. A value that is wanted is taken
            whole: no wanted path leads through another one.
        max_value_bytes: a longer value is not kept.
        max_values: how many values of one path are kept; of a path without `"*"` the last one
            counts, as with any JSON decoder.
    """

    def __init__(self, paths: Iterable[Path], *, max_value_bytes: int = 1 << 16, max_values: int = 256) -> None:
        self.complete = False  # the text's one value has ended
        self._max_value_bytes = max_value_bytes
        self._max_values = max_values
        self._values: dict[Path, list[bytes]] = {}
        root = _Node()
        for path in paths:
            node = root
            for name in path:
                node = node.children.setdefault(name.encode(), _Node())
            node.path = path
            self._values[path] = []
        self._open: list[tuple[_Node, bool]] = []  # the containers around, each with whether it is an array
        self._node: _Node | None = root  # where the value that comes next belongs; None: nowhere
        self._depth = 0  # brackets open in a value that is passed over
        self._escape = False  # the last feed ended inside a string, with the backslash of an escape
        self._piece: list[bytes] | None = None  # of the key or value being kept
        self._piece_bytes = 0
        self._step: Callable[[bytes, int], int] = self._value_starts

    def value(self, *path: str) -> bytes | None:
        """The last value at `path` as JSON, or None."""
        values = self._values[path]
        return values[-1] if values else None

    def values(self, *path: str) -> list[bytes]:
        """All values at `path`, in order."""
        return self._values[path]

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the text."""
        at, end = 0, len(data)
        while at < end and not self.complete:
            at = self._step(data, at)

    # Each step reads from `at` and returns where it stopped, having set the step that goes on from there.

    def _value_starts(self, data: bytes, at: int) -> int:
        found = _NOT_SPACE.search(data, at)
        if found is None:
            return len(data)
        at = found.start()
        first = data[at]
        node = self._node
        if first in b"]}":  # an empty container, or a comma too many
            self._step = self._next_member
            return at
        if node is not None and node.path is not None:
            self._piece, self._piece_bytes = [], 0
        elif node is not None and node.children and first in b"{[":
            self._open.append((node, first == 0x5B))
            self._member_starts()
            return at + 1
        if first == 0x22:
            self._step = self._string_goes_on
            return self._keep(data, at, at + 1)
        if first in b"{[":
            self._depth = 1
            self._step = self._container_goes_on
            return self._keep(data, at, at + 1)
        self._step = self._scalar_goes_on
        return self._keep(data, at, at + 1)

    def _member_starts(self) -> None:
        node, is_array = self._open[-1]
        if is_array:
            self._node = node.children.get(b"*")
            self._step = self._value_starts
        else:
            self._step = self._key_starts

    def _key_starts(self, data: bytes, at: int) -> int:
        found = _STRUCTURE.search(data, at)
        if found is None:
            return len(data)
        at = found.start()
        if data[at] == 0x7D:
            return self._container_ends(at)
        if data[at] == 0x22:
            self._piece, self._piece_bytes = [], 0
            self._step = self._key_goes_on
        return at + 1

    def _key_goes_on(self, data: bytes, at: int) -> int:
        end = self._string_end(data, at)
        if end < 0:
            return self._keep(data, at, len(data))
        self._keep(data, at, end - 1)
        name = b"".join(self._piece or ()) if self._piece_bytes <= _KEY_BYTES else b""
        self._piece = None
        # Names with escapes in them (RFC 8259, 8.3) are no API's habit: they match nothing.
        self._node = self._open[-1][0].children.get(name) if name != b"*" else None  # that one is for arrays
        self._step = self._colon
        return end

    def _colon(self, data: bytes, at: int) -> int:
        found = _NOT_SPACE.search(data, at)
        if found is None:
            return len(data)
        self._step = self._value_starts
        return found.start() + (data[found.start()] == 0x3A)

    def _next_member(self, data: bytes, at: int) -> int:
        found = _NOT_SPACE.search(data, at)
        if found is None:
            return len(data)
        at = found.start()
        if data[at] in b"]}":
            return self._container_ends(at)
        self._member_starts()
        return at + (data[at] == 0x2C)

    def _container_ends(self, at: int) -> int:
        if self._open:
            self._open.pop()
        self._value_ended()
        return at + 1

    def _value_ended(self) -> None:
        if self._piece is not None:
            assert self._node is not None
            assert self._node.path is not None
            values = self._values[self._node.path]
            if self._piece_bytes <= self._max_value_bytes:
                if "*" not in self._node.path:
                    values.clear()
                if len(values) < self._max_values:
                    values.append(b"".join(self._piece))
            self._piece = None
        self.complete = not self._open
        self._step = self._next_member

    def _string_goes_on(self, data: bytes, at: int) -> int:
        end = self._string_end(data, at)
        if end < 0:
            return self._keep(data, at, len(data))
        self._keep(data, at, end)
        if self._depth:
            self._step = self._container_goes_on
        else:
            self._value_ended()
        return end

    def _container_goes_on(self, data: bytes, at: int) -> int:
        start = at
        while (at := _end(_NOT_OF_NOTE, data, at)) < len(data):
            mark = data[at]
            at += 1
            if mark == 0x22:  # of a string that ends in another feed
                self._string_end(data, at)
                self._step = self._string_goes_on
                break
            self._depth += 1 if mark in b"{[" else -1
            if not self._depth:
                self._keep(data, start, at)
                self._value_ended()
                return at
        return self._keep(data, start, len(data))

    def _scalar_goes_on(self, data: bytes, at: int) -> int:
        found = _SCALAR_END.search(data, at)
        if found is None:
            return self._keep(data, at, len(data))
        self._keep(data, at, found.start())
        self._value_ended()
        return found.start()

    def _keep(self, data: bytes, start: int, end: int) -> int:
        """Keep these bytes if they belong to what is wanted and fit; return `end`."""
        if self._piece is not None:
            self._piece_bytes += end - start
            if self._piece_bytes > self._max_value_bytes:
                self._piece.clear()
            else:
                self._piece.append(data[start:end])
        return end

    def _string_end(self, data: bytes, at: int) -> int:
        """Where the string that goes on at `at` has ended (after its quote), or -1 if not in `data`."""
        if self._escape:
            self._escape = False
            at += 1
        at = _end(_STRING_GOES_ON, data, at)
        if at < len(data) and data[at] == 0x22:
            return at + 1
        self._escape = at < len(data)
        return -1


def _end(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    """Where a pattern that matches anywhere, if only nothing, stops matching."""
    found = pattern.match(data, at)
    assert found is not None
    return found.end()
