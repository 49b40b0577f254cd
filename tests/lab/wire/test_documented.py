"""`docs/lab/wire.md` knows every key of a target, every place, every cell and every measure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.wire.cells import Cause, Fault, Phase
from trioproxy.lab.wire.place import PLACES
from trioproxy.lab.wire.reading import read_target
from trioproxy.lab.wire.shipped import shipped
from trioproxy.lab.wire.target import Asking, Install, LedgerQueries, Run, Target

PAGE = (Path(__file__).parents[3] / "docs/lab/wire.md").read_text("utf-8")
SECTIONS = {"run", "ask", "install", "ledger"}


def names(heading: str) -> list[str]:
    """What stands in backquotes in the first column of the table with this heading."""
    table = PAGE.partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| ([^|]+) \|", table.partition("\n")[2], re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize(
    ("heading", "model"),
    [("in `[run]`", Run), ("in `[ask]`", Asking), ("in `[install]`", Install), ("in `[ledger]`", LedgerQueries)],
)
def test_every_key_of_a_section(heading: str, model: type[BaseModel]):
    assert sorted(names(heading)) == sorted(model.model_fields)


def test_every_other_key():
    assert sorted(names("key")) == sorted(set(Target.model_fields) - SECTIONS)


def test_every_place():
    assert names("place") == [f"{{{name}}}" for name in PLACES]


def test_every_cell():
    assert names("a client") == list(Cause)
    assert names("at the phase") == list(Phase)
    assert sorted(names("the upstream")) == sorted(Fault)


def test_every_measure():
    assert set(Measure) <= set(names("measure"))
    assert all(f"`{seen}`" in PAGE for seen in Saw)


def test_every_target_that_comes_with_the_lab():
    targets = [read_target(path).name for path in shipped().values()]

    assert sorted(names("target")) == sorted([*targets, "direct"])


def test_the_example_is_a_target(tmp_path: Path):
    [example] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "mine.toml"
    path.write_text(example)

    assert read_target(path).ask.path == "/anthropic/v1/messages"
