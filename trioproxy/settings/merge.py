"""Sources laid over each other, remembering where each value came from.

Built-in providers, then the file, then the environment, then the command
line: the later wins, key by key. An error is charged to the source that held
the value, or that held the table in which a value is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trioproxy.settings.providers import BUILT_IN_PROVIDERS

PREFIX = "TRIOPROXY_"
_SEPARATOR = "__"

Path = tuple[str, ...]


def variables(environ: Mapping[str, str]) -> list[str]:
    """The variables that are settings, sorted. An empty one counts as unset."""
    return sorted(
        name for name, value in environ.items() if value and name.upper().startswith(PREFIX) and _SEPARATOR in name
    )


class Merge:
    """The raw tables of all sources, and the origin of each value."""

    def __init__(self, file: Mapping[str, Any], file_name: str) -> None:
        self.tables: dict[str, Any] = dict(file)
        self._file = file
        self._file_name = file_name
        self._origins: dict[Path, str] = {}
        self.problems: list[str] = []

    def add_environment(self, environ: Mapping[str, str]) -> None:
        """Lay `TRIOPROXY_<SECTION>__<KEY>` over the file, whatever the case of the name.

        An empty variable counts as unset. A variable without a double underscore
        is none of the configuration's: `TRIOPROXY_CONFIG` names the file, and
        container runtimes make up names such as `TRIOPROXY_PORT`.
        """
        for variable in variables(environ):
            path = tuple(variable.upper().removeprefix(PREFIX).lower().split(_SEPARATOR))
            origin = f"environment variable {variable}"
            if path[:2] == ("routing", "table"):
                self.problems.append(
                    f"{origin}: routing.table: not from the environment; expected in the file: "
                    "a variable's name has no dashes and dots, as models' names have"
                )
                continue
            if len(path) != (3 if path[0] == "providers" else 2) or not all(path):
                self.problems.append(
                    f"{origin}: names no key; expected {PREFIX}<SECTION>__<KEY> or {PREFIX}PROVIDERS__<NAME>__<KEY>"
                )
                continue
            path = self._with_dashes(path)
            if path in self._origins:
                self.problems.append(f"{origin}: {'.'.join(path)}: set twice, also by {self._origins[path]}")
            self.add(path, environ[variable], origin)

    def _with_dashes(self, path: Path) -> Path:
        """A variable cannot have a dash in its name: `MY_LLM` is also the file's `my-llm`."""
        providers = self._file.get("providers")
        if path[0] != "providers" or not isinstance(providers, dict) or path[1] in providers:
            return path
        name = next((name for name in providers if name.replace("-", "_") == path[1]), path[1])
        return (path[0], name, *path[2:])

    def add(self, path: Path, value: object, origin: str) -> None:
        """Lay one value over what is there already."""
        table = self.tables
        for part in path[:-1]:
            inner = table.get(part, {})
            if not isinstance(inner, dict):
                return  # The file has something else where a table belongs: that is reported.
            table[part] = inner = dict(inner)
            table = inner
        table[path[-1]] = value
        self._origins[path] = origin

    def complete_providers(self) -> None:
        """Put the built-in providers under the configured ones, key by key."""
        given = self.tables.get("providers", {})
        if not isinstance(given, dict):
            return
        merged: dict[str, Any] = {
            name: provider.model_dump(exclude_unset=True) for name, provider in BUILT_IN_PROVIDERS.items()
        }
        for name, provider in given.items():
            merged[name] = {**merged.get(name, {}), **provider} if isinstance(provider, dict) else provider
        self.tables["providers"] = merged

    def origin(self, path: Path) -> str:
        """The source to blame for what is wrong at `path`."""
        for length in range(len(path), 0, -1):
            prefix = path[:length]
            if prefix in self._origins:
                return self._origins[prefix]
            if _contains(self._file, prefix):
                return self._file_name
            for known, origin in self._origins.items():
                if known[:length] == prefix:
                    return origin
        return self._file_name


def _contains(table: object, path: Path) -> bool:
    for part in path:
        if not isinstance(table, Mapping) or part not in table:
            return False
        table = table[part]
    return True
