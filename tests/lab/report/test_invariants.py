"""Which combination breaks what."""

from __future__ import annotations

import pytest

from trioproxy.lab.report import invariants as module
from trioproxy.lab.report.blocks import Folded, Table, Tone, Words
from trioproxy.lab.report.invariants import invariant_blocks
from trioproxy.trace.records import Run, Tally


def _tally(subject: str, fault: str, broken: dict[str, int], runs: int = 1000) -> Tally:
    examples = {name: f"{subject}/{fault}" for name, count in broken.items() if count}
    return Tally(
        subject=subject, cell={"fault": fault}, runs=runs, broken=broken, examples=examples, counts={"done": 5}
    )


def test_combinations_by_invariants_with_an_example() -> None:
    words, table, by_cell, examples, counts = invariant_blocks(
        [
            _tally("a", "leave", {"once": 0, "closed": 0}),
            _tally("b", "leave", {"once": 2}),
            _tally("b", "break", {"once": 1, "closed": 700}),
        ],
        [Run(id="b/break", subject="b", cell={}, repeat="trioproxy lab explore --case 1")],
    )

    assert words == Words("3,000 runs of 2 combinations: 2 invariants broken, by 1 combination.")
    assert isinstance(table, Table)
    assert [column.label for column in table.columns] == ["runs", "once", "closed"]
    assert [(row.heads, [(cell.text, cell.detail, cell.run) for cell in row.cells]) for row in table.rows] == [
        (("a",), [("1,000", "", ""), ("0", "", ""), ("0", "", "")]),
        (("b",), [("2,000", "", ""), ("3", "0.15 %", "b/leave"), ("700", "35 %", "b/break")]),
    ]
    assert isinstance(by_cell, Folded)
    assert isinstance(by_cell.blocks[0], Table)
    assert [row.heads for row in by_cell.blocks[0].rows] == [("a", "leave"), ("b", "leave"), ("b", "break")]
    assert isinstance(examples, Folded)
    assert isinstance(examples.blocks[0], Table)
    assert [(row.heads, [cell.text for cell in row.cells]) for row in examples.blocks[0].rows] == [
        (("once", "b"), ["b/leave", ""]),
        (("once", "b"), ["b/break", "trioproxy lab explore --case 1"]),
        (("closed", "b"), ["b/break", "trioproxy lab explore --case 1"]),
    ]
    assert isinstance(counts, Folded)
    assert isinstance(counts.blocks[0], Table)
    assert [[cell.text for cell in row.cells] for row in counts.blocks[0].rows] == [["5"], ["10"]]


@pytest.mark.parametrize(
    ("count", "tone"), [(0, Tone.GOOD), (10, Tone.LEVEL_1), (100, Tone.LEVEL_2), (101, Tone.LEVEL_4)]
)
def test_the_more_often_the_darker(count: int, tone: Tone) -> None:
    _, table, *_ = invariant_blocks([_tally("a", "x", {"once": count})], [])

    assert isinstance(table, Table)
    assert table.rows[0].cells[1].tone == tone


def test_one_subject_is_shown_by_cell_at_once() -> None:
    _, table, *_ = invariant_blocks([_tally("a", "x", {"once": 1}), _tally("a", "y", {})], [])

    assert isinstance(table, Table)
    assert [row.heads for row in table.rows] == [("a", "x"), ("a", "y")]


def test_where_nothing_was_broken_the_cells_are_folded() -> None:
    words, folded, _ = invariant_blocks([_tally("a", "x", {}), _tally("a", "y", {})], [])

    assert words == Words("2,000 runs of 1 combination: no invariant was broken.")
    assert isinstance(folded, Folded)
    assert isinstance(folded.blocks[0], Table)
    assert [(row.heads, [cell.text for cell in row.cells]) for row in folded.blocks[0].rows] == [
        (("a", "x"), ["1,000"]),
        (("a", "y"), ["1,000"]),
    ]


def test_of_too_many_cells_those_are_shown_that_break_something(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 2)
    tallies = [_tally("a", fault, {"once": int(fault != "x")}) for fault in "xyzu"]
    _, words, table, folded, _ = invariant_blocks(tallies, [])

    assert words == Words("Of 4 cells 3 break something; 2 of these are shown.")
    assert isinstance(table, Table)
    assert [row.heads for row in table.rows] == [("a", "y"), ("a", "z")]
    assert isinstance(folded, Folded)
    assert isinstance(folded.blocks[0], Table)
    assert len(folded.blocks[0].rows) == 2


def test_an_axis_that_is_in_the_name_of_a_combination_is_not_said_again() -> None:
    tallies = [
        Tally(subject=f"pump={pump}", cell={"pump": pump, "fault": fault}, runs=1, broken={"once": 1})
        for pump in ("house", "none")
        for fault in ("leave", "break")
    ]
    _, _, by_cell = invariant_blocks(tallies, [])

    assert isinstance(by_cell, Folded)
    assert isinstance(by_cell.blocks[0], Table)
    assert by_cell.blocks[0].corner == ("combination", "fault")


def test_runs_count_where_nothing_was_tallied() -> None:
    runs = [
        Run(id="1", subject="a", cell={}, broken=["once"]),
        Run(id="2", subject="a", cell={}),
    ]
    _, table, _ = invariant_blocks([], runs)

    assert isinstance(table, Table)
    assert [[(cell.text, cell.run) for cell in row.cells] for row in table.rows] == [[("2", ""), ("1", "1")]]
    assert invariant_blocks([], runs[1:]) == []
