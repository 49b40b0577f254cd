"""Each target in a line."""

from __future__ import annotations

from trioproxy.lab.report.blocks import Table, Tone
from trioproxy.lab.report.cells import cell_facts
from trioproxy.lab.report.glance import glance_blocks
from trioproxy.trace.records import Run, Value


def _run(subject: str, fault: str, **measures: Value) -> Run:
    return Run(id="1", subject=subject, cell={"fault": fault}, measures=measures)


def _table(*runs: Run) -> Table:
    (table,) = glance_blocks(cell_facts(runs))
    assert isinstance(table, Table)
    return table


def test_all_cells_of_a_target_weigh_the_same() -> None:
    table = _table(
        _run("a", "1", told=True, abort_ms=2.0),
        _run("a", "2", told=True, abort_ms=4.0),
        _run("a", "3", saw="truncation", lie=False),
        _run("b", "1", told=False, abort_ms=None),
        _run("b", "3", saw="clean end", lie=True),
        _run("b", "3", saw="hang", lie=False),
        _run("c", "4", speed_ms=1),
    )

    assert [column.label for column in table.columns] == [
        "runs",
        "upstream told",
        "how late, median",
        "p99",
        "lies",
        "hangs",
    ]
    assert [(row.heads[0], [cell.text for cell in row.cells]) for row in table.rows] == [
        ("a", ["3", "100 %", "2.00 ms", "4.00 ms", "0 %", "0 %"]),
        ("b", ["3", "0 %", "–", "–", "50 %", "50 %"]),
        ("c", ["1", "–", "–", "–", "–", "–"]),
    ]
    assert [row.cells[1].tone for row in table.rows[:2]] == [Tone.GOOD, Tone.BAD]
    assert table.rows[0].cells[1].detail == "34.7 % to 100 %"


def test_a_half_close_is_by_itself() -> None:
    table = _table(
        _run("a", "FIN", told=True, abort_ms=1.0), _run("a", "half-close", told=False), _run("b", "FIN", told=True)
    )

    assert [column.label for column in table.columns][-1] == "told of a half-close"
    assert [[row.cells[1].text, row.cells[-1].text] for row in table.rows] == [["100 %", "0 %"], ["100 %", "–"]]


def test_a_client_that_stays_is_nobody_to_tell_of() -> None:
    table = _table(_run("a", "1", told=False, stalled=True), _run("a", "2", told=True, abort_ms=1.0))

    assert table.rows[0].cells[1].text == "100 %"


def test_columns_are_those_that_were_measured() -> None:
    assert [column.label for column in _table(_run("a", "1", lie=False)).columns] == ["runs", "lies", "hangs"]
    assert _table(_run("a", "1", lie=False)).rows[0].cells[2].text == "–"
    assert len(_table(_run("a", "1", told=True)).columns) == 4
    assert glance_blocks(cell_facts([_run("a", "1", speed_ms=3)])) == []


def test_a_cell_that_was_run_less_often_weighs_as_much() -> None:
    often = [_run("a", "1", told=True, abort_ms=1.0, saw="clean end", lie=False)] * 19
    table = _table(*often, _run("a", "2", told=False, saw="hang", lie=False))

    assert [cell.text for cell in table.rows[0].cells] == ["20", "50 %", "1.00 ms", "1.00 ms", "0 %", "50 %"]
