"""The five numbers of each target, with their confidence intervals; then whatever else was measured, one table each."""

from __future__ import annotations

from collections.abc import Sequence

from trioproxy.lab.measures import Number
from trioproxy.lab.report.blocks import Block, Cell, Column, Folded, Row, Table
from trioproxy.lab.report.plots import axis, fitting, interval_plot
from trioproxy.lab.report.words import NOT_KNOWN, interval, number, once, quantity
from trioproxy.trace.records import Figure

_INTERVAL = "95 % confidence interval"


def number_blocks(figures: Sequence[Figure]) -> list[Block]:
    """A table of all numbers by subject, and folded below it one picture for each."""
    if not figures:
        return []
    names = ordered_names(figures)
    each = [_one(name, [figure for figure in figures if figure.name == name]) for name in names]
    return [_overview(names, figures), Folded("Each number by itself, with n and notes", tuple(each))]


def ordered_names(figures: Sequence[Figure]) -> list[str]:
    """The names of the figures: those of the five numbers first, in their order."""
    names = once(figure.name for figure in figures)
    return sorted(names, key=lambda name: _rank(name))


def _rank(name: str) -> int:
    return next((at for at, five in enumerate(Number) if name.startswith(five)), len(Number))


def _heading(name: str, names: Sequence[str]) -> tuple[str, str]:
    """What stands above a column: of several of one of the five (`added latency, p99`) the rest, under the one."""
    five = next((five.value for five in Number if name.startswith(five)), "")
    if not five or sum(other.startswith(five) for other in names) == 1:
        return name, ""
    return name.removeprefix(five).lstrip(",: ") or "value", five


def _overview(names: Sequence[str], figures: Sequence[Figure]) -> Table:
    subjects = once(figure.subject for figure in figures)
    found = {(figure.subject, figure.name): figure for figure in figures}
    return Table(
        caption="The numbers of each target, with 95 % confidence intervals",
        corner=("target",),
        columns=tuple(Column(*_heading(name, names), numeric=True) for name in names),
        rows=tuple(Row((subject,), tuple(_cell(found.get((subject, name))) for name in names)) for subject in subjects),
        wide=True,
    )


def _cell(figure: Figure | None) -> Cell:
    if figure is None:
        return Cell(NOT_KNOWN, title="not measured")
    if figure.value is None:
        return Cell(NOT_KNOWN, detail=figure.note or "could not be measured")
    return Cell(
        quantity(figure.value, figure.unit),
        detail=interval(figure.low, figure.high, figure.unit),
        title="; ".join(part for part in (f"n = {number(figure.n)}" if figure.n else "", figure.note) if part),
    )


def _one(name: str, figures: Sequence[Figure]) -> Table:
    unit = figures[0].unit
    known = [each for figure in figures for each in (figure.value, figure.low, figure.high) if each is not None]
    scale = fitting(known)
    rows = []
    for figure in figures:
        picture = None
        if figure.value is not None and figure.unit == unit:
            picture = interval_plot(figure.value, figure.low, figure.high, scale, unit)
        cells = (
            Cell(plot=picture),
            Cell(quantity(figure.value, figure.unit)),
            Cell(interval(figure.low, figure.high, figure.unit) or NOT_KNOWN),
            Cell(number(figure.n) if figure.n else NOT_KNOWN),
            Cell(figure.note),
        )
        rows.append(Row((figure.subject,), cells))
    columns = (
        Column("", plot=True, head=axis(scale, unit)),
        Column("value", numeric=True),
        Column(_INTERVAL, numeric=True),
        Column("n", numeric=True),
        Column("note"),
    )
    caption = f"{name} (logarithmic scale)" if scale.logarithmic else name
    return Table(caption, ("target",), columns, tuple(rows))
