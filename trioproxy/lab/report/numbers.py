"""The five numbers of each target, with their confidence intervals; then whatever else was measured, one table each."""

from __future__ import annotations

from collections.abc import Sequence

from trioproxy.lab.measures import Number
from trioproxy.lab.report.blocks import Block, Cell, Column, Folded, Row, Table
from trioproxy.lab.report.plots import axis, fitting, interval_plot
from trioproxy.lab.report.words import NOT_KNOWN, interval, number, once, quantity
from trioproxy.trace.records import Figure

# What a cell of the overview holds of a note.
MOST_CHARACTERS = 60

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


def _heads(name: str) -> tuple[str, str]:
    """Which of the five it is, and what of it: `added latency, p99`, `drain completeness: time until exit`."""
    five = next((five.value for five in Number if name.startswith(five)), "")
    return (five, name.removeprefix(five).lstrip(",: ")) if five else (name, "")


def _overview(names: Sequence[str], figures: Sequence[Figure]) -> Table:
    subjects = once(figure.subject for figure in figures)
    found = {(figure.subject, figure.name): figure for figure in figures}
    return Table(
        caption="The numbers of each target, with 95 % confidence intervals",
        corner=("number", ""),
        columns=tuple(Column(subject, numeric=True) for subject in subjects),
        rows=tuple(
            Row(_heads(name), tuple(_cell(found.get((subject, name))) for subject in subjects)) for name in names
        ),
        wide=True,
    )


def _cell(figure: Figure | None) -> Cell:
    if figure is None:
        return Cell(NOT_KNOWN, title="not measured")
    if figure.value is None:
        return Cell(NOT_KNOWN, detail=_reason(figure.note), title=figure.note)
    return Cell(
        quantity(figure.value, figure.unit),
        detail=interval(figure.low, figure.high, figure.unit),
        title="; ".join(part for part in (f"n = {number(figure.n)}" if figure.n else "", figure.note) if part),
    )


def _reason(note: str) -> str:
    """Why a number is not known, as short as it is said: of a long note the last part."""
    if not note:
        return "could not be measured"
    last = note.rpartition("; ")[2]
    return next((said for said in (note, last) if len(said) <= MOST_CHARACTERS), "see its note")


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
