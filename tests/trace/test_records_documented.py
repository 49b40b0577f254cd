"""`docs/lab.md` knows every record, field, lane and word of the schema."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from trioproxy.trace.records import SCHEMA, Event, Lane, Record, What

PAGE = (Path(__file__).parents[2] / "docs/lab.md").read_text("utf-8")
RECORDS = {kind.__struct_config__.tag: kind for kind in get_args(Record)}


def first_cells(text: str) -> list[str]:
    """The names in the first column of the tables in `text`."""
    cells = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def part(title: str) -> str:
    """What stands under a record's heading, up to the first table's end."""
    return PAGE.split(f"\n### `{title}`")[1].split("\n##")[0].partition("| field |")[2].partition("\n\n")[0]


@pytest.mark.parametrize("tag", RECORDS)
def test_every_record_has_its_fields_and_no_others(tag: str) -> None:
    assert first_cells(part(tag)) == [field.encode_name for field in msgspec.structs.fields(RECORDS[tag])]


def test_no_record_is_documented_that_is_not_there() -> None:
    assert set(re.findall(r"^### `(\w+)`", PAGE, re.MULTILINE)) == set(RECORDS)


def test_every_lane_is_there() -> None:
    assert first_cells(PAGE.partition("| lane |")[2].partition("\n\n")[0]) == list(Lane)


def test_every_word_is_there_with_its_lanes() -> None:
    table = PAGE.partition("| what | in the lane |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", table, re.MULTILINE)

    assert [word for word, _ in rows] == list(What)
    assert {lane for _, lanes in rows for lane in lanes.split(", ")} == {*Lane, "any"}


def test_the_version_is_the_one_that_is_written() -> None:
    assert f"`{SCHEMA}`" in PAGE
    assert msgspec.structs.fields(Event)
