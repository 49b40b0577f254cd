"""Which line of a TOML text each key and each element of an array stands in.

    [[client]]                               ("client", 0): 1
    steps = [{ after = 1, leave = "RST" }]   ("client", 0, "steps"): 2, ("client", 0, "steps", 0, "leave"): 2

The standard library reads TOML, and says nothing of places. This reads only where things are, and only what
`tomllib` has read before: of a text that is no TOML it makes nothing useful.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\])*"|\'[^\']*\'',
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]*")


def key_lines(text: str) -> Mapping[Path, int]:
    """The line, from 1, of every key, table and element in `text`, which is valid TOML."""
    return _Places(text.replace("\r\n", "\n")).lines


class _Places:
    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        # How many tables each array of tables has so far.
        self._tables: dict[Path, int] = {}
        self._read()

    def _read(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        start = self._at
        several = self._text.startswith("[[", start)
        self._at += 2 if several else 1
        self._skip(_BLANK)
        *parents, last = self._key()
        self._skip(_BLANK)
        self._at += 2 if several else 1
        path: Path = ()
        for name in parents:
            path = self._newest((*path, name))
        path = (*path, last)
        if several:
            number = self._tables.get(path, 0)
            self._tables[path] = number + 1
            self._note(path, start)
            path = (*path, number)
        self._note(path, start)
        return path

    def _newest(self, path: Path) -> Path:
        """A table, or the last one of an array of them."""
        return (*path, self._tables[path] - 1) if path in self._tables else path

    def _pair(self, table: Path) -> None:
        start = self._at
        path = table
        for name in self._key():
            path = (*path, name)
            self._note(path, start)
        self._skip(_BLANK)
        self._at += 1  # =
        self._skip(_BLANK)
        self._value(path)

    def _key(self) -> list[str]:
        names = []
        while True:
            if self._text[self._at] in "\"'":
                names.append(tomllib.loads(f"{self._match(_STRING)} = 0").popitem()[0])
            else:
                names.append(self._match(_BARE))
            if not (dot := _DOT.match(self._text, self._at)):
                return names
            self._at = dot.end()

    def _value(self, path: Path) -> None:
        match self._text[self._at]:
            case '"' | "'":
                self._match(_STRING)
            case "[":
                self._elements(path)
            case "{":
                self._members(path)
            case _:
                self._match(_SCALAR)

    def _elements(self, path: Path) -> None:
        number = 0
        while not self._closes("]"):
            self._note((*path, number), self._at)
            self._value((*path, number))
            number += 1

    def _members(self, path: Path) -> None:
        while not self._closes("}"):
            self._pair(path)

    def _closes(self, bracket: str) -> bool:
        """Pass over the opening bracket or the comma, and the closing bracket if that is next."""
        self._skip(_BLANK)
        if self._text[self._at] != bracket:
            self._at += 1
            self._skip(_BLANK)
        if self._text[self._at] != bracket:
            return False
        self._at += 1
        return True

    def _skip(self, pattern: re.Pattern[str]) -> None:
        self._match(pattern)

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        assert found is not None, "what tomllib has read is TOML"
        self._at = found.end()
        return found[0]

    def _note(self, path: Path, at: int) -> None:
        self.lines.setdefault(path, bisect_right(self._starts, at))
