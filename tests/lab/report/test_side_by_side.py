"""The tables of a comparison."""

from __future__ import annotations

from trioproxy.lab.report.blocks import Folded, Table, Words
from trioproxy.lab.report.comparison import Compared, Value
from trioproxy.lab.report.side_by_side import comparison_blocks
from trioproxy.lab.statistics import UNKNOWN, Interval

SLOW = Compared("abort", ("naive", "FIN", ""), "ms", Value(2, Interval(1, 3), 20), Value(8, Interval(6, 9), 20))
TOLD = Compared("told", ("naive",), "share", Value(1.0, Interval(0.8, 1), 20), Value(0.9, Interval(0.7, 1), 20))
LONELY = Compared("told", ("nginx",), "share", Value(1.0, UNKNOWN, 0), None)


def _texts(table: object) -> list[list[tuple[str, str]]]:
    assert isinstance(table, Table)
    return [[(cell.text, cell.detail) for cell in row.cells] for row in table.rows]


def test_what_differs_comes_first_and_the_rest_is_folded() -> None:
    words, different, folded = comparison_blocks([TOLD, SLOW, LONELY], "before.jsonl", "after.jsonl")

    assert isinstance(words, Words)
    assert words.text.startswith("A is before.jsonl, B is after.jsonl. 3 comparisons: 1 shown to differ.")
    assert isinstance(different, Table)
    assert different.rows[0].heads == ("abort", "naive, FIN")
    assert _texts(different) == [
        [("2.00 ms", "1.00 ms to 3.00 ms"), ("8.00 ms", "6.00 ms to 9.00 ms"), ("+6.00 ms", "× 4"), ("▲ higher", "")]
    ]
    assert isinstance(folded, Folded)
    assert _texts(folded.blocks[0]) == [
        [
            ("100 %", "80 % to 100 %"),
            ("90 %", "70 % to 100 %"),
            ("\u221210 points", "× 0.9"),
            ("no difference shown", ""),
        ],
        [("100 %", "no interval"), ("–", ""), ("–", ""), ("only in A", "")],
    ]


def test_no_difference_is_said() -> None:
    _, said, _ = comparison_blocks([TOLD], "a", "b")

    assert said == Words("No difference shown.")
    assert len(comparison_blocks([SLOW], "a", "b")) == 2
