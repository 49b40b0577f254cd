"""Each target in a line: told how often, how late, lied how often, left hanging how often; over all its cells.

Cells weigh the same: some are run less often than others, and which ones depends on the target.
"""

from __future__ import annotations

from collections.abc import Sequence

from trioproxy.lab import strata
from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.report.blocks import Block, Cell, Column, Row, Table, Tone
from trioproxy.lab.report.cells import CellFacts, Share, mixture
from trioproxy.lab.report.words import NOT_KNOWN, duration, interval, number, once, quantity
from trioproxy.lab.script import Going
from trioproxy.lab.strata import Counted


def glance_blocks(facts: Sequence[CellFacts]) -> list[Block]:
    """A row a target. Nothing, where neither departures nor endings were measured."""
    # Of a client that stays nobody is to be told.
    leaving = [each for each in facts if each.told and Measure.STALLED not in each.flags and not _may_stay(each)]
    staying = [each for each in facts if each.told and _may_stay(each)]
    ending = [each for each in facts if each.lies]
    if not leaving and not ending:
        return []
    columns = (
        Column("runs", numeric=True),
        *((Column("upstream told", numeric=True),) if leaving else ()),
        *((Column("how late, median", numeric=True), Column("p99", numeric=True)) if leaving else ()),
        *((Column("told of a half-close", numeric=True),) if staying else ()),
        *((Column("lies", numeric=True), Column("hangs", numeric=True)) if ending else ()),
    )
    rows = []
    for subject in once(each.subject for each in facts):
        cells = [Cell(number(sum(each.runs for each in facts if each.subject == subject)))]
        if leaving:
            cells += _leaving([each for each in leaving if each.subject == subject])
        if staying:
            cells.append(_share(_counts([each.told for each in staying if each.subject == subject])))
        if ending:
            cells += _ending([each for each in ending if each.subject == subject])
        rows.append(Row((subject,), tuple(cells)))
    return [Table("Each target over all its cells, which weigh the same", ("target",), columns, tuple(rows))]


def _may_stay(facts: CellFacts) -> bool:
    """Its client can still read: a proxy may take it for one that left, or not."""
    return Going.HALF_CLOSE in dict(facts.cell).values()


def _leaving(facts: Sequence[CellFacts]) -> list[Cell]:
    told = _counts([each.told for each in facts])
    late = mixture(each.abort_ms for each in facts if each.abort_ms)
    tone = Tone.GOOD if all(part == whole for part, whole in told) else Tone.BAD
    if late is None:
        return [_share(told, tone), Cell(NOT_KNOWN), Cell(NOT_KNOWN)]
    return [
        _share(told, tone),
        Cell(duration(late.median / 1000), interval(*late.median_interval, "ms")),
        Cell(duration(late.quantile(0.99) / 1000), interval(*late.p99_interval, "ms")),
    ]


def _ending(facts: Sequence[CellFacts]) -> list[Cell]:
    lies = _counts([each.lies for each in facts])
    hangs = [(each.saw.get(Saw.HANG, 0), sum(each.saw.values())) for each in facts if each.saw]
    return [_share(lies, Tone.BAD if any(part for part, _ in lies) else Tone.GOOD), _share(hangs)]


def _counts(shares: Sequence[Share | None]) -> list[Counted]:
    return [(each.part, each.whole) for each in shares if each]


def _share(cells: Sequence[Counted], tone: Tone | None = None) -> Cell:
    if not cells:
        return Cell(NOT_KNOWN)
    return Cell(quantity(strata.share(cells), "share"), interval(*strata.share_interval(cells), "share"), tone)
