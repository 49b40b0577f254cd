"""Values out of TOML tables, each checked, and everything that is wrong remembered.

A `Table` hands out the value of a key or says what was expected there, and goes on with something plausible;
`close` says which keys nobody asked for. So a file's errors are all told at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from trioproxy.lab.script.toml_lines import Path
from trioproxy.model import RawHeaders
from trioproxy.settings.problems import shown as shown_value

Choice = TypeVar("Choice", bound=StrEnum)
# Beyond this an integer is no TOML (v1.0.0, Integer).
MOST = 2**63 - 1
# The letters of a header's name (RFC 9110, 5.6.2).
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def shown(value: object) -> str:
    """A value as a message says it."""
    if isinstance(value, int) and abs(value) > MOST:
        return "a number of more than 64 bits"
    return shown_value(value)


class Problems:
    """What is wrong with one file."""

    def __init__(self, file_name: str, lines: Callable[[], Mapping[Path, int]]) -> None:
        self._file_name = file_name
        self._lines = lines
        self._found: list[tuple[Path, str]] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, path: Path, said: str) -> None:
        """Remember what is wrong at `path`."""
        self._found.append((path, said))

    def all(self) -> list[str]:
        """`<file>: line <n>: <key>: <what is wrong>`, in the order of the file."""
        if not self._found:
            return []
        lines = self._lines()
        placed = sorted(((_line(lines, path), path, said) for path, said in self._found), key=lambda each: each[0])
        return [f"{self._file_name}: line {line}: {_key(path)}{said}" for line, path, said in placed]


def _line(lines: Mapping[Path, int], path: Path) -> int:
    """The line of `path`, or of what it would stand in."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _key(path: Path) -> str:
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
    return f"{words}: " if words else ""


class Table:
    """One table at `path`."""

    def __init__(self, values: Mapping[str, Any], path: Path, problems: Problems) -> None:
        self.path = path
        self.problems = problems
        self._values = values
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def wrong(self, key: str | None, said: str) -> None:
        """Remember what is wrong with a key, or with all of it."""
        self.problems.add(self.path if key is None else (*self.path, key), said)

    def value(self, key: str) -> Any:
        """Whatever stands there; None if nothing does."""
        self._asked.add(key)
        return self._values.get(key)

    def known(self, *keys: str) -> None:
        """These keys may stand here, wanted or not."""
        self._asked.update(keys)

    def _checked(self, key: str, fits: Callable[[Any], bool], expected: str) -> Any:
        value = self.value(key)
        if key in self._values and not fits(value):
            self.wrong(key, f"got {shown(value)}; expected {expected}")
            return None
        return value

    def text(self, key: str) -> str | None:
        """A string."""
        value: str | None = self._checked(key, lambda value: isinstance(value, str), "text in quotes")
        return value

    def seconds(self, key: str) -> float:
        """A number of seconds, 0 where none is said."""
        value = self._checked(key, _is_time, "seconds, a number from 0, such as 0.5")
        return float(value or 0)

    def count(self, key: str, least: int = 1, most: int = MOST) -> int | None:
        """A whole number."""
        said = f"a whole number from {least}" + (f" to {most}" if most < MOST else "")
        value: int | None = self._checked(
            key, lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most, said
        )
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        value = self._checked(key, lambda value: isinstance(value, bool), "true or false")
        return default if value is None else bool(value)

    def done(self, key: str) -> None:
        """A word that only stands there to be true, such as `end = true`."""
        self._checked(key, lambda value: value is True, "true")

    def choice(self, key: str, kind: type[Choice]) -> Choice | None:
        """One of the words of `kind`."""
        word = self.word(key, [each.value for each in kind])
        return None if word is None else kind(word)

    def word(self, key: str, words: list[str]) -> str | None:
        """One of `words`."""
        value: Any = self.value(key)
        if key not in self._values or value in words:
            return value if isinstance(value, str) else None
        close = get_close_matches(shown(value).strip('"').lower(), [word.lower() for word in words], n=1)
        hint = f" (did you mean {next(shown(word) for word in words if word.lower() == close[0])}?)" if close else ""
        self.wrong(key, f"got {shown(value)}{hint}; expected one of: {', '.join(map(shown, words))}")
        return None

    def headers(self, key: str = "headers") -> RawHeaders:
        """Headers: a table of texts, or of arrays of them, or an array of pairs where the order is not that simple."""
        value = self.value(key)
        pairs: list[tuple[Any, Any]] = []
        match value:
            case None:
                return ()
            case dict():
                for name, told in value.items():
                    pairs += [(name, each) for each in (told if isinstance(told, list) else [told])]
            case list() if all(isinstance(each, list) and len(each) == 2 for each in value):
                pairs = [(name, told) for name, told in value]
            case _:
                self.wrong(key, f'got {shown(value)}; expected a table such as {{ x-name = "value" }}')
        return tuple(self._header(key, name, told) for name, told in pairs)

    def _header(self, key: str, name: Any, told: Any) -> tuple[bytes, bytes]:
        if not isinstance(name, str) or not name or not set(name) <= _TOKEN:
            self.wrong(key, f"got {shown(name)} for a header's name; expected letters, digits and hyphens")
            return b"x", b""
        if not isinstance(told, str) or any(letter in told for letter in "\r\n\0") or told != told.strip(" \t"):
            self.wrong(key, f"got {shown(told)} as the value of {name}; expected text of one line")
            return b"x", b""
        try:
            return name.encode(), told.encode("latin-1")
        except UnicodeEncodeError:
            self.wrong(key, f"got {shown(told)} as the value of {name}; expected characters up to U+00FF (a byte each)")
            return b"x", b""

    def one_of(self, keys: tuple[str, ...], what: str) -> str | None:
        """The one key of `keys` that is there; None, and a problem, if none or several are."""
        there = [key for key in keys if key in self._values]
        if len(there) == 1:
            return there[0]
        self._asked.update(there)
        got = " and ".join(there) if there else "nothing"
        self.wrong(there[1] if there else None, f"got {got}; expected {what}: one of {', '.join(keys)}")
        return None

    def tables(self, key: str) -> Iterator[Table]:
        """The tables of an array."""
        value = self.value(key)
        if isinstance(value, list):
            for number, each in enumerate(value):
                path = (*self.path, key, number)
                if isinstance(each, dict):
                    yield Table(each, path, self.problems)
                else:
                    self.problems.add(path, f"got {shown(each)}; expected a table in braces")
        elif key in self._values:
            self.wrong(key, f"got {shown(value)}; expected an array of tables")

    def close(self) -> None:
        """Say which keys are none."""
        for key in self._values:
            if key not in self._asked:
                close = get_close_matches(key.lower(), sorted(self._asked), n=1)
                hint = f"did you mean {close[0]}?" if close else f"expected one of: {', '.join(sorted(self._asked))}"
                self.wrong(key, f"unknown key; {hint}")


def _is_time(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value) and value >= 0
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST
