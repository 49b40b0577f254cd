"""The reference in `docs/` knows every setting, provider and command, and the defaults that apply."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App
from pydantic import BaseModel

from trioproxy.cli.clients import BASE_URLS
from trioproxy.cli.entry import command_line
from trioproxy.settings import (
    BUILT_IN_PROVIDERS,
    RESERVED_NAMES,
    DisconnectSettings,
    LedgerSettings,
    ProviderSettings,
    ReplaySettings,
    RouteSettings,
    RoutingSettings,
    ServerSettings,
    Settings,
    TimeoutSettings,
    TraceSettings,
    load,
)

DOCS = Path(__file__).parents[1] / "docs"
CONFIGURATION = (DOCS / "configuration.md").read_text("utf-8")
COMMANDS = (DOCS / "commands.md").read_text("utf-8")
SECTIONS: dict[str, type[BaseModel]] = {
    "[server]": ServerSettings,
    "[providers.<name>]": ProviderSettings,
    "[timeouts]": TimeoutSettings,
    "[disconnect]": DisconnectSettings,
    "[ledger]": LedgerSettings,
    "[replay]": ReplaySettings,
    "[routing]": RoutingSettings,
    "[routing.table]": RouteSettings,
    "[trace]": TraceSettings,
}


def section(text: str, title: str) -> str:
    """What stands under the heading that begins with `title` in backquotes."""
    return text.split(f"\n## `{title}`")[1].split("\n## ")[0]


def setting_rows(title: str) -> list[str]:
    """The rows of the table of keys in a section."""
    table = section(CONFIGURATION, title).partition("\n| key |")[2].partition("\n\n")[0]
    return table.splitlines()[2:]


def keys() -> Iterator[tuple[str, str, object]]:
    for title, model in SECTIONS.items():
        for name, field in model.model_fields.items():
            yield title, name, None if field.is_required() or field.default_factory else field.default


def leaves(app: App, path: tuple[str, ...] = ()) -> Iterator[tuple[str, App]]:
    for name in app:
        if not name.startswith("-"):
            below = list(leaves(app[name], (*path, name)))
            yield from below or [(" ".join((*path, name)), app[name])]


LEAVES = dict(leaves(command_line()))


@pytest.mark.parametrize(("title", "name", "default"), [*keys()], ids=str)
def test_every_setting_is_documented_with_its_default(title: str, name: str, default: object):
    (row,) = [row for row in setting_rows(title) if f"`{name}`" in row.split("|")[1]]
    if default is not None:
        shown = json.dumps(default)
        assert f"| `{shown}` |" in row


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - {"providers"}))
def test_every_section_is_documented(name: str):
    assert SECTIONS[f"[{name}]"] is type(getattr(Settings(), name))


@pytest.mark.parametrize("title", SECTIONS)
def test_no_setting_is_documented_that_is_not_there(title: str):
    documented = {name for row in setting_rows(title) for name in re.findall(r"`([^`]+)`", row.split("|")[1])}
    assert documented == set(SECTIONS[title].model_fields)


@pytest.mark.parametrize("name", BUILT_IN_PROVIDERS)
def test_every_provider_is_documented(name: str):
    provider = BUILT_IN_PROVIDERS[name]
    assert f"| `{name}` | `{provider.base_url}` | `{provider.dialect}` |" in CONFIGURATION


def test_reserved_names_are_documented():
    assert all(f"`{name}`" in section(CONFIGURATION, "[providers.<name>]") for name in RESERVED_NAMES)


@pytest.mark.parametrize("example", re.findall(r"```toml\n(.*?)```", CONFIGURATION, re.DOTALL))
def test_the_examples_are_right(example: str):
    load(example, "docs/configuration.md", {})


@pytest.mark.parametrize("command", LEAVES)
def test_every_command_is_documented_with_its_options(command: str):
    title = f"trioproxy {command}"
    text = section(COMMANDS, title)
    for argument in LEAVES[command].assemble_argument_collection():
        for name in argument.names:
            shown = rf"`{name}\b" if name.startswith("-") else rf"\b{name}\b"
            assert re.search(shown, text), f"{title} {name}"


@pytest.mark.parametrize(("variable", "path"), list(BASE_URLS.items()))
def test_the_variables_of_run_are_documented(variable: str, path: str):
    (row,) = [line for line in section(COMMANDS, "trioproxy run").splitlines() if line.startswith(f"| `{variable}` |")]
    assert f"{path}` |" in row
