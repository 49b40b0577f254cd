"""A target's file: read, checked, and every fault of it told at once, with file, line and key."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from trioproxy.errors import ConfigurationError
from trioproxy.lab.wire.place import unknown_places
from trioproxy.lab.wire.target import Target
from trioproxy.settings.kinds import Expected
from trioproxy.settings.problems import shown

Key = tuple[str, ...]


def read_target(path: Path) -> Target:
    """The target in the file `path`.

    Raises:
        ConfigurationError: `<file>: line <n>: <key>: <what is wrong>; expected <what>`, for each fault.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError([f"{path}: cannot be read: {error.strerror}; expected a TOML file"]) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError([f"{path}: not UTF-8 at byte {error.start}; expected a TOML file"]) from None
    return parse_target(text, str(path))


def parse_target(text: str, name: str) -> Target:
    """The target in `text`; `name` is its file's, for messages.

    Raises:
        ConfigurationError: see `read_target`.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error), re.DOTALL)
        where = f"line {said[2]}, column {said[3]}: " if said and said[2] else ""
        raise ConfigurationError([f"{name}: {where}not valid TOML: {said[1] if said else error}"]) from None
    problems: list[tuple[Key, str]] = []
    target = None
    try:
        target = Target.model_validate(data)
    except ValidationError as error:
        problems += [_said(data, each) for each in error.errors(include_url=False)]
    problems += unknown_places(data)
    if problems or target is None:
        lines = [(line_of(text, key), key, words) for key, words in problems]
        lines.sort(key=lambda each: each[0] or 0)
        raise ConfigurationError(
            [f"{name}: {f'line {line}: ' if line else ''}{'.'.join(key)}: {words}" for line, key, words in lines]
        )
    return target


def _said(data: dict[str, Any], detail: Any) -> tuple[Key, str]:
    key = tuple(str(part) for part in detail["loc"])
    kind, value = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        names = list(_model(key[:-1]).model_fields)
        close = get_close_matches(key[-1], names, n=1)
        return key, f"unknown key; {f'did you mean {close[0]}?' if close else 'expected one of: ' + ', '.join(names)}"
    if kind == "missing":
        return key, f"missing; expected {_expected(key)}"
    reason = f" ({detail['ctx']['error']})" if kind == "value_error" else ""
    return key, f"got {shown(value)}{reason}; expected {_expected(key)}"


def _model(key: Key) -> type[BaseModel]:
    """What the table at `key` has to be."""
    model: type[BaseModel] = Target
    for part in key:
        found = _table(model.model_fields[part].annotation) if part in model.model_fields else None
        if found is None:
            break
        model = found
    return model


def _table(annotation: object) -> type[BaseModel] | None:
    for each in (annotation, *get_args(annotation)):
        if isinstance(each, type) and issubclass(each, BaseModel):
            return each
    return None


def _expected(key: Key) -> str:
    """The words of the innermost of its parts that has any; a table has none."""
    model: type[BaseModel] | None = Target
    words = "a table"
    for part in key:
        if model is None or part not in model.model_fields:
            break
        field = model.model_fields[part]
        words = next((each.words for each in reversed(field.metadata) if isinstance(each, Expected)), "a table")
        model = _table(field.annotation)
    return words


def line_of(text: str, key: Key) -> int | None:
    """The line on which `key` stands, or else the table or key around it; None where no part of it is found."""
    section: Key = ()
    quoted: str | None = None
    best, depth = None, 0
    for number, line in enumerate(text.splitlines(), 1):
        if quoted is not None:
            quoted = None if quoted in line else quoted
            continue
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            section = _parts(header[1])
            here = section
        elif assigned := re.match(r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"))*)\s*=", line):
            here = (*section, *_parts(assigned[1]))
            for quotes in ('"""', "'''"):
                if line.count(quotes) % 2:
                    quoted = quotes
        else:
            continue
        if len(here) > depth and key[: len(here)] == here:
            best, depth = number, len(here)
    return best


def _parts(text: str) -> Key:
    return tuple(part.strip("\"' ") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.\s]+", text))
