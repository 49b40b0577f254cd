"""A target's file: read, checked, and every fault of it told at once, with file, line and key."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from trioproxy.errors import ConfigurationError
from trioproxy.lab.script.toml_lines import Path as Key
from trioproxy.lab.script.toml_lines import key_lines
from trioproxy.lab.script.toml_load import load, read_text
from trioproxy.lab.script.toml_table import Problems, shown
from trioproxy.lab.wire.place import unknown_places
from trioproxy.lab.wire.target import Target
from trioproxy.settings.kinds import Expected


def read_target(path: Path) -> Target:
    """The target in the file `path`.

    Raises:
        ConfigurationError: `<file>: line <n>: <key>: <what is wrong>; expected <what>`, for each fault.
    """
    return parse_target(read_text(path), str(path))


def parse_target(text: str, name: str) -> Target:
    """The target in `text`; `name` is its file's, for messages.

    Raises:
        ConfigurationError: see `read_target`.
    """
    data = load(text, name)
    problems = Problems(name, lambda: key_lines(text))
    target = None
    try:
        target = Target.model_validate(data)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            problems.add(*_said(each))
    for key, words in unknown_places(data):
        problems.add(key, words)
    if len(problems) or target is None:
        raise ConfigurationError(problems.all())
    return target


def _said(detail: Any) -> tuple[Key, str]:
    key: Key = tuple(detail["loc"])
    kind, value = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        names = list(_model(key[:-1]).model_fields)
        close = get_close_matches(str(key[-1]), names, n=1)
        return key, f"unknown key; {f'did you mean {close[0]}?' if close else 'expected one of: ' + ', '.join(names)}"
    if kind == "missing":
        return key, f"missing; expected {_expected(key)}"
    reason = f" ({detail['ctx']['error']})" if kind == "value_error" else ""
    return key, f"got {shown(value)}{reason}; expected {_expected(key)}"


def _model(key: Key) -> type[BaseModel]:
    """What the table at `key` has to be."""
    model: type[BaseModel] = Target
    for part in key:
        field = model.model_fields.get(str(part))
        found = _table(field.annotation) if field else None
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
        field = model.model_fields.get(str(part)) if model else None
        if field is None:
            break
        words = next((each.words for each in reversed(field.metadata) if isinstance(each, Expected)), "a table")
        model = _table(field.annotation)
    return words
