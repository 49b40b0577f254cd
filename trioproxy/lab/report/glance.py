"""Each target in a line: told how often, how late, lied how often, left hanging how often; over all its cells."""

from __future__ import annotations

from collections.abc import Sequence

from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.report.blocks import Block, Cell, Column, Row, Table, Tone
from trioproxy.lab.report.cells import CellFacts, Share, sample
from trioproxy.lab.report.words import NOT_KNOWN, duration, interval, number, once, share
from trioproxy.lab.script import Going


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
            told = _sum([each.told for each in staying if each.subject == subject])
            cells.append(Cell(share(told.part, told.whole) if told else NOT_KNOWN))
        if ending:
            cells += _ending([each for each in ending if each.subject == subject])
        rows.append(Row((subject,), tuple(cells)))
    return [Table("Each target over all its cells", ("target",), columns, tuple(rows))]


def _may_stay(facts: CellFacts) -> bool:
    """Its client can still read: a proxy may take it for one that left, or not."""
    return Going.HALF_CLOSE in dict(facts.cell).values()


def _leaving(facts: Sequence[CellFacts]) -> list[Cell]:
    told = _sum([each.told for each in facts])
    late = sample(value for each in facts if each.abort_ms for value in each.abort_ms.values)
    if told is None:
        return [Cell(NOT_KNOWN)] * 3
    tone = Tone.GOOD if told.part == told.whole else Tone.BAD
    first = Cell(share(told.part, told.whole), interval(*told.interval, "share"), tone)
    if late is None:
        return [first, Cell(NOT_KNOWN), Cell(NOT_KNOWN)]
    median, p99 = late.median_interval, late.p99_interval
    return [
        first,
        Cell(duration(late.median / 1000), interval(median.low, median.high, "ms")),
        Cell(duration(late.quantile(0.99) / 1000), interval(p99.low, p99.high, "ms")),
    ]


def _ending(facts: Sequence[CellFacts]) -> list[Cell]:
    lies = _sum([each.lies for each in facts])
    if lies is None:
        return [Cell(NOT_KNOWN)] * 2
    hangs = Share(sum(each.saw.get(Saw.HANG, 0) for each in facts), sum(sum(each.saw.values()) for each in facts))
    tone = Tone.BAD if lies.part else Tone.GOOD
    said = share(lies.part, lies.whole)
    return [
        Cell(said, interval(*lies.interval, "share"), tone),
        Cell(share(hangs.part, hangs.whole) if hangs.whole else NOT_KNOWN),
    ]


def _sum(shares: Sequence[Share | None]) -> Share | None:
    known = [each for each in shares if each]
    return Share(sum(each.part for each in known), sum(each.whole for each in known)) if known else None
