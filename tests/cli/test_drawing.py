"""Tables on terminals of several widths."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from trioproxy.cli import drawing
from trioproxy.views.requests import COLUMNS, requests_table
from trioproxy.views.sums import sums_table
from trioproxy.views.table import Column, Table

ROW = {
    "started_at": "2026-11-23T04:36:01.000000Z",
    "ended_at": "2026-11-23T04:36:02.000000Z",
    "source": "claude-code",
    "model": "claude-sonnet-4-6",
    "outcome": "delivered",
    "status": 200,
    "stop_reason": "end_turn",
    "duration_ms": 1500.0,
}


def drawn(table: Table, width: int, *, more: bool = False) -> list[str]:
    out = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None, markup=False)
    if more:
        drawing.draw_more(table, out, header=True)
    else:
        drawing.draw(table, out)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("width", "missing"),
    [
        (200, set()),
        (115, {"stop reason"}),
        (90, {"stop reason", "first byte", "cached", "client"}),
        (60, {"stop reason", "first byte", "cached", "client", "status", "took", "started"}),
    ],
)
def test_a_narrow_terminal_does_without_some_columns(width: int, missing: set[str]):
    header, _, line = drawn(requests_table([ROW]), width)
    assert {column.title for column in COLUMNS if column.title not in header} == missing
    assert "claude-sonnet-4-6" in line
    assert len(line) <= width


def test_a_narrower_one_still_shows_numbers_whole():
    long = {
        **ROW,
        "model": "claude-sonnet-4-5-20250929",
        "outcome": "client_left",
        "served_by": "call",
        "call_id": "c1",
        "call_outcome": "completed",
        "policy": "drain",
        "detached_ms": 12_345.6,
        "usage_source": "mixed",
        "input_tokens": 98_765,
        "output_tokens": 54_321,
        "cost_usd": 0.0123,
    }
    for more in (False, True):
        header, _, line = drawn(requests_table([long]), 70, more=more)
        assert header.split() == ["asked", "for", "ended", "in", "out", "cost"]
        assert line.split()[-3:] == ["98765", "~54321", "~$0.0123"]
        assert "…" in line
        assert len(line) <= 70


def test_what_a_summary_does_without_first():
    groups = [{"name": "claude-sonnet-4-6", "requests": 3, "saved_usd": 1.0, "held_back_usd": 1.0}]
    titles = [re.split(r"  +", drawn(sums_table(groups, by="model"), width)[0].strip()) for width in (120, 100, 90)]
    assert [title[-3:] for title in titles] == [
        ["cost", "saved", "held back"],
        ["out", "cost", "saved"],
        ["cached", "out", "cost"],
    ]


def test_lines_that_come_later_stand_below_the_first():
    first, second = ({**ROW, "model": model} for model in ("a", "claude-sonnet-4-6"))
    header, _, line = drawn(requests_table([first]), 120, more=True)
    assert drawn(requests_table([second]), 120, more=True)[0] == header
    assert len(line) <= 120


def test_cells_are_cut_where_nothing_else_helps():
    table = Table((Column("name"), Column("many", numeric=True)), (("x" * 100, "1"),))
    line = drawn(table, 40)[2]
    assert len(line) == 40
    assert "…" in line


def test_a_table_that_just_fits_is_whole():
    table = Table((Column("name"), Column("saved", numeric=True)), (("x" * 10, "$1.00"),))
    assert drawn(table, 17)[2] == "x" * 10 + "  $1.00"
    assert drawn(table, 16)[2] == "x" * 10


def test_what_a_terminal_would_obey_is_as_wide_as_what_is_shown_for_it():
    table = Table((Column("name"), Column("many", numeric=True)), (("\x1b[2Jclient", "1"),))
    assert "\N{REPLACEMENT CHARACTER}[2Jclient " in drawn(table, 40)[2]


def test_numbers_stand_flush_right_and_totals_below_a_line():
    columns = (Column("name"), Column("many", numeric=True))
    table = Table(columns, (("a", "1"), ("b", "22")), total=("total", "23"), notes=("not all is known",))
    assert [line.rstrip() for line in drawn(table, 40)] == [
        "name   many",
        "───────────",
        "a         1",
        "b        22",
        "───────────",
        "total    23",
        "not all is known",
    ]


def test_what_looks_like_markup_is_shown_as_it_is():
    table = Table((Column("[b]name[/b]"),), (("[red]a[/red]",),))
    assert [line.rstrip() for line in drawn(table, 40)] == ["[b]name[/b]", "────────────", "[red]a[/red]"]


def test_a_pipe_is_as_wide_as_it_must_be(capsys: pytest.CaptureFixture[str]):
    drawing.draw(Table((Column("name"),), (("x" * 300,),)), drawing.console())
    assert "x" * 300 in capsys.readouterr().out
