"""The tables of a comparison: first what differs, then, folded, all of it."""

from __future__ import annotations

from collections.abc import Sequence

from trioproxy.lab.report.blocks import Block, Cell, Column, Folded, Row, Table, Tone, Words
from trioproxy.lab.report.comparison import Compared, Value, Verdict, shown
from trioproxy.lab.report.words import NOT_KNOWN, interval, number, plural, quantity

RULE = (
    "A difference is shown where the two 95 % confidence intervals have no point in common, which is stricter than a "
    "test at 5 %; otherwise it says “no difference shown”, which is not the same as “no difference”."
)
_ARROWS = {Verdict.HIGHER: "▲ higher", Verdict.LOWER: "▼ lower"}


def comparison_blocks(compared: Sequence[Compared], a: str, b: str) -> list[Block]:
    """Two tables of the same columns: A, B, difference of B from A, verdict."""
    different = shown(compared)
    said = f"A is {a}, B is {b}. {plural(len(compared), 'comparison')}: {len(different)} shown to differ. {RULE}"
    rest = [each for each in compared if each not in different]
    blocks: list[Block] = [Words(said)]
    if different:
        blocks.append(_table("Shown to differ", different))
    else:
        blocks.append(Words("No difference shown."))
    if rest:
        blocks.append(Folded(f"No difference shown, or not known: {len(rest)}", (_table("Not shown to differ", rest),)))
    return blocks


def _table(caption: str, compared: Sequence[Compared]) -> Table:
    columns = (
        Column("A", numeric=True),
        Column("B", numeric=True),
        Column("difference", numeric=True),
        Column("verdict: B is"),
    )
    return Table(caption, ("what", "where"), columns, tuple(map(_row, compared)), wide=True)


def _row(each: Compared) -> Row:
    heads = (each.what, ", ".join(part for part in each.where if part))
    return Row(heads, (_value(each.a, each.unit), _value(each.b, each.unit), _difference(each), _verdict(each)))


def _value(value: Value | None, unit: str) -> Cell:
    if value is None:
        return Cell(NOT_KNOWN)
    bounds = interval(value.interval.low, value.interval.high, unit) or "no interval"
    return Cell(quantity(value.value, unit), bounds, title=f"n = {number(value.n)}" if value.n else "")


def _difference(each: Compared) -> Cell:
    difference = each.difference
    if difference is None or each.a is None or each.b is None:
        return Cell(NOT_KNOWN)
    sign = "+" if difference > 0 else ""
    ratio = f"× {number(each.b.value / each.a.value)}" if each.a.value > 0 and each.b.value > 0 else ""
    amount = f"{sign}{quantity(difference, each.unit)}"
    if each.unit == "share":
        amount = f"{sign}{number(difference * 100)} points"
    return Cell(amount, ratio)


def _verdict(each: Compared) -> Cell:
    verdict = each.verdict
    if verdict in _ARROWS:
        return Cell(_ARROWS[verdict], tone=Tone.LEVEL_1)
    return Cell(verdict.value, tone=Tone.QUIET)
