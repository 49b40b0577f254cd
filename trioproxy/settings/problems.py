"""Words for what is wrong: source, key, what was there, what was expected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from trioproxy.settings.kinds import Expected
from trioproxy.settings.merge import Merge, Path
from trioproxy.settings.providers import ProviderName, ProviderSettings
from trioproxy.settings.render import dotted, mask
from trioproxy.settings.routing import RoutedName, RouteSettings, RoutingSettings
from trioproxy.settings.sections import (
    DisconnectSettings,
    LedgerSettings,
    ReplaySettings,
    ServerSettings,
    Settings,
    TimeoutSettings,
    TraceSettings,
)

SECTIONS: Mapping[str, type[BaseModel]] = {
    "server": ServerSettings,
    "timeouts": TimeoutSettings,
    "disconnect": DisconnectSettings,
    "ledger": LedgerSettings,
    "replay": ReplaySettings,
    "routing": RoutingSettings,
    "trace": TraceSettings,
}


def describe(error: ValidationError, merge: Merge) -> list[str]:
    """One line for each problem in `error`, in the order of the sections."""
    lines = []
    for detail in error.errors(include_url=False):
        path = tuple(str(part) for part in detail["loc"] if part != "[key]")
        said = _sentence(path, detail["type"], detail["input"], detail.get("ctx", {}), is_name="[key]" in detail["loc"])
        lines.append(mask(f"{merge.origin(path)}: {dotted(path)}: {said}"))
    return lines


def _sentence(path: Path, kind: str, value: object, context: Mapping[str, Any], *, is_name: bool) -> str:
    if kind == "extra_forbidden":
        return _unknown(path, value)
    if kind == "missing":
        return f"missing; expected {_expected(path)}"
    if is_name:
        name = ProviderName if path[0] == "providers" else RoutedName
        return f"{context['error']}; expected {_words(get_args(name))}"
    if kind in {"model_type", "dict_type", "mapping_type"}:
        return f"got {shown(value)}; expected a table"
    reason = f" ({context['error']})" if kind == "value_error" else ""
    return f"got {shown(value)}{reason}; expected {_expected(path)}"


def _unknown(path: Path, value: object) -> str:
    if path[:2] == ("routing", "table") and isinstance(value, Mapping):
        return f"unknown key; a name with a dot stands in quotes: {shown('.'.join(path[2:]))}"
    suggestion = _suggestion(path)
    kind = "section" if len(path) == 1 else "key"
    return (
        f"unknown {kind}; did you mean {suggestion}?" if suggestion else f"unknown {kind}; expected {_siblings(path)}"
    )


def _suggestion(path: Path) -> str | None:
    """The most similar key: in the same place, else one that is called like this elsewhere."""
    key = path[-1].lower()
    close = get_close_matches(key, _names_at(path[:-1]), n=1)
    if close:
        return dotted((*path[:-1], close[0]))
    elsewhere = {name: f"{section}.{name}" for section, model in SECTIONS.items() for name in model.model_fields}
    close = get_close_matches(key, elsewhere, n=1, cutoff=0.75)
    return elsewhere[close[0]] if close else None


def _siblings(path: Path) -> str:
    return "one of: " + ", ".join(_names_at(path[:-1]))


def _names_at(path: Path) -> list[str]:
    return list(_model(path).model_fields)


def _model(path: Path) -> type[BaseModel]:
    """What the table at `path` has to be."""
    if not path:
        return Settings
    if path[0] == "providers":
        return ProviderSettings
    return RouteSettings if path[:2] == ("routing", "table") else SECTIONS[path[0]]


def _expected(path: Path) -> str:
    field: FieldInfo = _model(path[:-1]).model_fields[path[-1]]
    return _words(field.metadata)


def _words(metadata: Iterable[object]) -> str:
    # A kind made of another has the words of both; its own come last.
    return [item.words for item in metadata if isinstance(item, Expected)][-1]


def shown(value: object) -> str:
    """A value as a message says it: tables and arrays by their kind, text quoted and cut to 80 characters."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, str | bool):
        text = json.dumps(value, ensure_ascii=False)
        return text if len(text) <= 80 else text[:77] + '…"'
    return str(value)
