"""Box plots stand beside the numbers that they draw."""

from __future__ import annotations

from trioproxy.lab.measures import Measure
from trioproxy.lab.report.blocks import Folded, Table
from trioproxy.lab.report.boxes import box_blocks
from trioproxy.lab.report.cells import cell_facts
from trioproxy.trace.records import Run


def _runs(subject: str, cell: dict[str, str], *late_ms: float | None) -> list[Run]:
    return [
        Run(id=str(at), subject=subject, cell=cell, measures={Measure.TOLD: each is not None, Measure.ABORT_MS: each})
        for at, each in enumerate(late_ms)
    ]


def _texts(table: object) -> list[tuple[str, list[str]]]:
    assert isinstance(table, Table)
    return [(row.heads[0], [cell.text for cell in row.cells[1:]]) for row in table.rows]


def test_each_target_over_all_cells_and_each_cell_by_itself() -> None:
    facts = cell_facts(
        [
            *_runs("nginx", {"cause": "FIN", "protocol": "h1"}, 1.0, 2.0, 3.0, 4.0, 5.0, None),
            *_runs("nginx", {"cause": "RST", "protocol": "h1"}, 6.0),
            *_runs("haproxy", {"cause": "RST", "protocol": "h1"}, 1000.0),
            *_runs("naive", {"cause": "RST", "protocol": "h1"}, None),
        ]
    )

    _, whole, folded = box_blocks(facts)

    assert _texts(whole) == [
        ("nginx h1", ["6", "5.00 ms", "n is too small", "6.00 ms", "from 6.00 ms", "6.00 ms"]),
        ("haproxy h1", ["1", "1.00 s", "n is too small", "1.00 s", "from 1.00 s", "1.00 s"]),
    ]
    assert isinstance(folded, Folded)
    assert [(each.caption, _texts(each)) for each in folded.blocks if isinstance(each, Table)] == [
        ("FIN", [("nginx h1", ["5", "3.00 ms", "n is too small", "4.96 ms", "from 4.00 ms", "5.00 ms"])]),
        (
            "RST",
            [
                ("nginx h1", ["1", "6.00 ms", "n is too small", "6.00 ms", "from 6.00 ms", "6.00 ms"]),
                ("haproxy h1", ["1", "1.00 s", "n is too small", "1.00 s", "from 1.00 s", "1.00 s"]),
            ],
        ),
    ]


def test_one_cell_is_not_shown_twice_and_nothing_not_at_all() -> None:
    assert len(box_blocks(cell_facts(_runs("nginx", {}, 1.0)))) == 2
    assert box_blocks(cell_facts(_runs("nginx", {}, None))) == []
