"""Box plots of the abort latency: of each target over all its cells, and of each cell."""

from __future__ import annotations

from collections.abc import Sequence

from trioproxy.lab.report.blocks import Block, Cell, Column, Folded, Row, Table, Words
from trioproxy.lab.report.cells import CellFacts, Sample, mixture
from trioproxy.lab.report.heat import protocol, row_key
from trioproxy.lab.report.plots import Scale, axis, box_plot, decades
from trioproxy.lab.report.words import duration, interval, number, once

HOW_TO_READ = (
    "The box holds the middle half, the line in it is the median; the whiskers reach from the least to the p99, the "
    "ring is the greatest. The scale is logarithmic. Only runs whose upstream was told are in here; the others are in "
    "the heat map."
)


def box_blocks(facts: Sequence[CellFacts]) -> list[Block]:
    """Abort latency of each target; folded, of each cell. Nothing, where none was measured."""
    measured = [each for each in facts if each.abort_ms]
    if not measured:
        return []
    scale = decades(value for each in measured if each.abort_ms for value in each.abort_ms.values)
    targets = once((each.subject, protocol(each.cell)) for each in measured)
    whole = [
        (target, _pooled([each for each in measured if (each.subject, protocol(each.cell)) == target]))
        for target in sorted(targets, key=lambda target: once(each[0] for each in targets).index(target[0]))
    ]
    by_cell: list[Block] = []
    for row in once(row_key(each) for each in measured):
        here = [((each.subject, protocol(each.cell)), each.abort_ms) for each in measured if row_key(each) == row]
        by_cell.append(_table(", ".join(row) or "all runs", here, scale))
    return [
        Words(HOW_TO_READ),
        _table("Abort latency, all cells together, which weigh the same", whole, scale),
        *([Folded("Abort latency of each cell", tuple(by_cell))] if len(by_cell) > 1 else []),
    ]


def _pooled(facts: Sequence[CellFacts]) -> Sample | None:
    return mixture(each.abort_ms for each in facts if each.abort_ms)


def _table(caption: str, samples: Sequence[tuple[tuple[str, str], Sample | None]], scale: Scale) -> Table:
    rows = tuple(
        Row((f"{subject} {protocol}".rstrip(),), _cells(each, scale)) for (subject, protocol), each in samples if each
    )
    columns = (
        Column("", plot=True, head=axis(scale, "ms")),
        Column("n", numeric=True),
        Column("median", numeric=True),
        Column("95 % interval of the median", numeric=True),
        Column("p99", numeric=True),
        Column("95 % interval of the p99", numeric=True),
        Column("max", numeric=True),
    )
    return Table(caption, ("target",), columns, rows)


def _cells(of: Sample, scale: Scale) -> tuple[Cell, ...]:
    bounds, of_p99 = of.median_interval, of.p99_interval
    return (
        Cell(plot=box_plot(of, scale, "ms")),
        Cell(number(len(of.values))),
        Cell(duration(of.median / 1000)),
        Cell(interval(bounds.low, bounds.high, "ms") or "n is too small"),
        Cell(duration(of.quantile(0.99) / 1000)),
        Cell(interval(of_p99.low, of_p99.high, "ms") or "n is too small"),
        Cell(duration(of.values[-1] / 1000)),
    )
