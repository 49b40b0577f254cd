"""JSON texts at random, by a writer that knows where it has put every value."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from trioproxy.wire.editing import Path

NAMES = st.sampled_from(["model", "a", "", "é", 'q"{[', "\\", "stream_options", "\N{GRINNING FACE}", "a:b,c"])
NUMBERS = st.sampled_from(["0", "-0", "1.0", "1e400", "12345678901234567890123456789", "-1.50E-3"])
STRINGS = st.text(max_size=6) | st.sampled_from(['"model":"x"', "]}", "{[", "\\", '\\"', ",", ":", "\ud83d"])
BLANKS = st.text(st.sampled_from(" \t\r\n"), max_size=2)


@dataclass
class Span:
    """Where a member is in the text; and what stands around it."""

    start: int
    value: int
    end: int
    names: list[str | int]  # of all members of its container, in order


@dataclass
class Text:
    """JSON that is written piece by piece, at random as far as the grammar leaves a choice."""

    draw: Any
    written: bytes = b""
    spans: dict[Path, list[Span]] = field(default_factory=dict)

    def value(self, depth: int, path: Path, kind: str | None = None) -> None:
        scalars = ["string", "number", "literal"]
        match kind or self.draw(st.sampled_from(scalars + (["object", "array"] if depth else []))):
            case "string":
                self.string(self.draw(STRINGS))
            case "number":
                self.write(self.draw(NUMBERS))
            case "literal":
                self.write(self.draw(st.sampled_from(["true", "false", "null"])))
            case "object":
                self.container("{}", self.draw(st.lists(NAMES, max_size=4)), depth, path)
            case "array":
                self.container("[]", list(range(self.draw(st.integers(0, 3)))), depth, path)

    def container(self, brackets: str, names: list[Any], depth: int, path: Path) -> None:
        self.write(brackets[0])
        self.blank()
        for number, name in enumerate(names):
            if number:
                self.write(",")
                self.blank()
            start = len(self.written)
            if brackets == "{}":
                self.string(name)
                self.blank()
                self.write(":")
                self.blank()
            value = len(self.written)
            self.value(depth - 1, (*path, name))
            self.spans.setdefault((*path, name), []).append(Span(start, value, len(self.written), names))
            self.blank()
        self.write(brackets[1])

    def string(self, characters: str) -> None:
        self.write('"')
        for character in characters:
            plain = character >= " " and character not in '"\\' and not "\ud800" <= character <= "\udfff"
            if plain and self.draw(st.booleans()):
                self.write(character)
            else:
                self.write(json.dumps(character)[1:-1] if not plain else escaped(character))
        self.write('"')

    def blank(self) -> None:
        self.write(self.draw(BLANKS))

    def write(self, characters: str) -> None:
        self.written += characters.encode()


def escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


@st.composite
def texts(draw: Any, kind: str | None = None) -> Text:
    text = Text(draw)
    text.blank()
    text.value(3, (), kind or draw(st.sampled_from(["object", "object", "array"])))
    text.blank()
    return text
