"""The five numbers as tables."""

from __future__ import annotations

import pytest
from support.lab_results import figures

from trioproxy.lab.report.blocks import Folded, Table
from trioproxy.lab.report.numbers import number_blocks, ordered_names
from trioproxy.trace.records import Figure


def _figure(subject: str, name: str, value: float | None = 2.0, note: str = "", unit: str = "ms") -> Figure:
    low, high = (None, None) if value is None else (value - 1, value + 1)
    return Figure(subject=subject, name=name, value=value, unit=unit, low=low, high=high, n=30, note=note)


def test_the_five_come_first_in_their_order() -> None:
    names = ["other", "abort latency, p99", "abort latency, median", "added latency"]

    assert ordered_names([_figure("nginx", name) for name in names]) == [
        "added latency",
        "abort latency, p99",
        "abort latency, median",
        "other",
    ]


def test_a_row_is_one_of_the_five_and_what_of_it() -> None:
    names = ["drain completeness: time until exit", "abort latency, p99", "memory of a waiting stream", "floor"]
    table, _ = number_blocks([_figure("a", name) for name in names])

    assert isinstance(table, Table)
    assert [row.heads for row in table.rows] == [
        ("abort latency", "p99"),
        ("memory of a waiting stream", ""),
        ("drain completeness", "time until exit"),
        ("floor", ""),
    ]


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("", "could not be measured"),
        ("no ledger", "no ledger"),
        ("a long explanation of the method that was used, at length; 3 of 9 never", "3 of 9 never"),
        ("a long explanation of the method that was used, at such length that nobody reads it", "see its note"),
    ],
)
def test_what_is_not_known_says_why_in_a_few_words(note: str, said: str) -> None:
    table, _ = number_blocks([_figure("a", "floor", None, note)])

    assert isinstance(table, Table)
    assert (table.rows[0].cells[0].text, table.rows[0].cells[0].detail) == ("–", said)


def test_each_number_has_its_interval_and_what_is_not_known_says_so() -> None:
    table, folded = number_blocks(
        [_figure("a", "added latency"), _figure("b", "added latency", None, "no ledger"), _figure("b", "x", None)]
    )

    assert isinstance(table, Table)
    assert [[(cell.text, cell.detail) for cell in row.cells] for row in table.rows] == [
        [("2.00 ms", "1.00 ms to 3.00 ms"), ("–", "no ledger")],
        [("–", ""), ("–", "could not be measured")],
    ]
    assert table.rows[0].cells[0].title == "n = 30"
    assert isinstance(folded, Folded)
    (first, _) = folded.blocks
    assert isinstance(first, Table)
    assert [cell.text for cell in first.rows[0].cells] == ["", "2.00 ms", "1.00 ms to 3.00 ms", "30", ""]
    assert [cell.plot is None for row in first.rows for cell in row.cells[:1]] == [False, True]


def test_a_figure_in_another_unit_is_not_drawn_on_the_same_scale() -> None:
    _, folded = number_blocks([_figure("a", "memory", unit="KiB"), _figure("b", "memory", unit="ms")])

    assert isinstance(folded, Folded)
    (table,) = folded.blocks
    assert isinstance(table, Table)
    assert [row.cells[0].plot is None for row in table.rows] == [False, True]


def test_without_figures_there_is_no_table() -> None:
    assert number_blocks([]) == []
    assert len(number_blocks([*figures()])) == 2
