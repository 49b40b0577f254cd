"""The examples under `--help` are commands that can be copied: on a terminal of 80 columns none is broken in two."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cyclopts import App

from trioproxy.cli.entry import command_line

COLUMNS = 80


def epilogues(app: App, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    if isinstance(app.help_epilogue, str):
        yield " ".join(path), app.help_epilogue
    for name in app:
        if not name.startswith("-"):
            yield from epilogues(app[name], (*path, name))


@pytest.mark.parametrize(("command", "epilogue"), [*epilogues(command_line())])
def test_no_example_is_broken_in_two(command: str, epilogue: str):
    assert [line for line in epilogue.splitlines() if len(line) >= COLUMNS] == []
