"""What is right key by key and wrong together: half a certificate, a body that is over the bytes of all bodies.

It is read off the raw tables, so that it is told also where something else is wrong. What is wrong by itself is
told elsewhere, and passed over here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from trioproxy.model import Dialect
from trioproxy.settings.kinds import Bytes, Flag
from trioproxy.settings.merge import Merge, Path
from trioproxy.settings.problems import shown
from trioproxy.settings.render import dotted, mask
from trioproxy.settings.routing import RouteSettings
from trioproxy.settings.sections import ReplaySettings

T = TypeVar("T")
_BYTES: TypeAdapter[int] = TypeAdapter(Bytes)
_FLAG: TypeAdapter[bool] = TypeAdapter(Flag)


def unfit_together(merge: Merge) -> list[str]:
    """One line for each value that does not go with another one."""
    tables = merge.tables
    found = (
        *_half_a_certificate(_table(tables, "server")),
        *_usage_that_cannot_be_asked_for(_table(tables, "providers")),
        *_one_over_all(_table(tables, "replay")),
        *_routes_that_lead_nowhere(_table(_table(tables, "routing"), "table")),
    )
    return [mask(f"{merge.origin(path)}: {dotted(path)}: {said}") for path, said in found]


def _half_a_certificate(server: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    if ("certfile" in server) != ("keyfile" in server):
        given, lacking = ("certfile", "keyfile") if "certfile" in server else ("keyfile", "certfile")
        yield ("server", given), f"given without server.{lacking}; expected both or neither"


def _usage_that_cannot_be_asked_for(providers: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for name in providers:
        provider = _table(providers, name)
        dialect = provider.get("dialect")
        if _right(_FLAG, provider.get("include_usage")) and dialect in list(Dialect) and dialect != Dialect.OPENAI:
            reason = f"the dialect {dialect} reports usage unasked"
            yield ("providers", name, "include_usage"), f"got true ({reason}); expected false, or no such key"


def _one_over_all(replay: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    fields = ReplaySettings.model_fields
    one, every = (_right(_BYTES, replay.get(key, fields[key].default)) for key in ("max_body_bytes", "max_total_bytes"))
    if one is None or every is None or one <= every:
        return
    if "max_body_bytes" in replay:
        yield ("replay", "max_body_bytes"), f"got {one}; expected no more than replay.max_total_bytes, which is {every}"
    else:
        yield ("replay", "max_total_bytes"), f"got {every}; expected no less than replay.max_body_bytes, which is {one}"


def _routes_that_lead_nowhere(table: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for name, route in table.items():
        path = ("routing", "table", name)
        if route == {}:
            yield path, "names no model; expected cheap, mid or both"
        for key in RouteSettings.model_fields:
            if _table(table, name).get(key) == name:
                yield (*path, key), f"got {shown(name)} (the model itself); expected another model"


def _table(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = tables.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _right(kind: TypeAdapter[T], value: object) -> T | None:
    try:
        return kind.validate_python(value)
    except ValidationError:
        return None
