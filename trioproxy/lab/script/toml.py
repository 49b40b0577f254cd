"""Stories as TOML: read, and written.

    name = "broken off"

    [upstream]
    answer = "anthropic"
    up_to = 4
    fault = "reset"

    [[client]]
    steps = [{ at_event = 2, leave = "RST" }]

`docs/lab/stories.md` lists every key. Several upstream tables (`[[upstream]]`) answer one call each, in their order.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trioproxy.errors import ConfigurationError
from trioproxy.lab.script.client import ClientScript
from trioproxy.lab.script.story import Story
from trioproxy.lab.script.toml_client import read_client
from trioproxy.lab.script.toml_lines import key_lines
from trioproxy.lab.script.toml_load import load, read_text
from trioproxy.lab.script.toml_table import Problems, Table, shown
from trioproxy.lab.script.toml_upstream import read_script
from trioproxy.lab.script.toml_writing import write_story

__all__ = ["parse_story", "read_story", "write_story"]


def read_story(path: Path) -> Story:
    """The story in a file; one that tells no name is called like its file.

    Raises:
        ConfigurationError: all that is wrong with it, each with file, line and key; or it cannot be read.
    """
    return parse_story(read_text(path), str(path))


def parse_story(text: str, file_name: str) -> Story:
    """The story that `text` tells.

    Raises:
        ConfigurationError: all that is wrong with it, each with file, line and key.
    """
    problems = Problems(file_name, lambda: key_lines(text))
    table = Table(load(text, file_name), (), problems)
    name = table.text("name") or Path(file_name).stem
    scripts = [read_script(each) for each in _each(table, "upstream")]
    clients = [read_client(each) for each in _each(table, "client")]
    if "upstream" not in table:
        table.wrong(None, "tells no upstream; expected a table [upstream], or one [[upstream]] for each call")
    table.close()
    if len(problems):
        raise ConfigurationError(problems.all())
    played = [each for each in clients if each is not None]
    return Story(
        name,
        tuple(each for each in scripts if each is not None),
        tuple(client for client, _ in played) or (ClientScript(),),
        tuple(begin_s for _, begin_s in played),
    )


def _each(table: Table, key: str) -> Iterator[Table]:
    """The one table of that name, or each one of several."""
    value = table.value(key)
    if isinstance(value, dict):
        yield Table(value, (key,), table.problems)
    elif isinstance(value, list) and not value:
        table.wrong(key, f"got an empty array; expected a table [[{key}]]")
    elif isinstance(value, list):
        yield from table.tables(key)
    elif key in table:
        table.wrong(key, f"got {shown(value)}; expected a table")
