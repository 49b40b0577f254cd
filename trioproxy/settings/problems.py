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
from trioproxy.settings.render import mask
from trioproxy.settings.sections import LedgerSettings, ProviderName, ProviderSettings, ServerSettings, TimeoutSettings

SECTIONS: Mapping[str, type[BaseModel]] = {
    "server": ServerSettings,
    "timeouts": TimeoutSettings,
    "ledger": LedgerSettings,
}
_LATER = {("disconnect",), ("replay",), ("routing",)}
_LATER_PROVIDER_KEYS = {"on_disconnect"}


def describe(error: ValidationError, merge: Merge) -> list[str]:
    """One line for each problem in `error`, in the order of the sections."""
    lines = []
    for detail in error.errors(include_url=False):
        path = tuple(str(part) for part in detail["loc"] if part != "[key]")
        said = _sentence(path, detail["type"], detail["input"], detail.get("ctx", {}), is_name="[key]" in detail["loc"])
        lines.append(mask(f"{merge.origin(path)}: {'.'.join(path)}: {said}"))
    return lines


def _sentence(path: Path, kind: str, value: object, context: Mapping[str, Any], *, is_name: bool) -> str:
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind == "missing":
        return f"missing; expected {_expected(path)}"
    if is_name:
        return f"{context['error']}; expected {_words(get_args(ProviderName))}"
    if kind in {"model_type", "dict_type", "mapping_type"}:
        return f"got {shown(value)}; expected a table"
    reason = f" ({context['error']})" if kind == "value_error" else ""
    return f"got {shown(value)}{reason}; expected {_expected(path)}"


def _unknown(path: Path) -> str:
    if path in _LATER or (path[0] == "providers" and path[-1] in _LATER_PROVIDER_KEYS):
        return "not in this version"
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
        return ".".join((*path[:-1], close[0]))
    elsewhere = {name: f"{section}.{name}" for section, model in SECTIONS.items() for name in model.model_fields}
    close = get_close_matches(key, elsewhere, n=1, cutoff=0.75)
    return elsewhere[close[0]] if close else None


def _siblings(path: Path) -> str:
    return "one of: " + ", ".join(_names_at(path[:-1]))


def _names_at(path: Path) -> list[str]:
    model = _model(path)
    return list(model.model_fields) if model else ["server", "providers", "timeouts", "ledger"]


def _model(path: Path) -> type[BaseModel] | None:
    if not path:
        return None
    return ProviderSettings if path[0] == "providers" else SECTIONS[path[0]]


def _expected(path: Path) -> str:
    model = _model(path)
    assert model is not None, path
    field: FieldInfo = model.model_fields[path[-1]]
    return _words(field.metadata)


def _words(metadata: Iterable[object]) -> str:
    return next(item.words for item in metadata if isinstance(item, Expected))


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
