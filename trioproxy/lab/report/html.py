"""Blocks as HTML; everything in them is escaped by `markup.tag`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from trioproxy.lab.report.blocks import (
    Block,
    Cell,
    Column,
    Facts,
    Folded,
    Output,
    Row,
    Section,
    Table,
    Timelines,
    Words,
)
from trioproxy.lab.report.html_timelines import address, show_timelines
from trioproxy.lab.report.markup import Markup, Node, tag, together


@dataclass(frozen=True, slots=True)
class Place:
    """Where blocks are shown: the prefix of its runs' addresses, and the runs that can be linked to."""

    prefix: str = ""
    drawn: Collection[str] = ()


def show_section(section: Section, place: Place) -> Markup:
    """A part of the page."""
    heading = tag("h2", tag("a", section.title, href=f"#{section.anchor}"), id=section.anchor)
    return tag("section", heading, [show(block, place) for block in section.blocks], aria_labelledby=section.anchor)


def show(block: Block, place: Place) -> Markup:
    """One block."""
    match block:
        case Words(text):
            return tag("p", text)
        case Facts(pairs):
            facts = [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs if value]
            return tag("dl", facts, class_="facts")
        case Output(title, text):
            return tag(
                "figure",
                tag("figcaption", title) if title else None,
                tag("pre", text or "(it said nothing)", tabindex=0),
            )
        case Folded(title, blocks):
            return tag("details", tag("summary", title), [show(each, place) for each in blocks], class_="folded")
        case Timelines():
            return show_timelines(block, place.prefix)
        case Table():
            return _table(block, place)


def _table(table: Table, place: Place) -> Markup:
    caption = tag("caption", tag("span", table.caption))
    whole = tag(
        "table", caption, tag("thead", _heads(table)), _bodies(table, place), class_="wide" if table.wide else None
    )
    scroll = tag("div", whole, class_="scroll", tabindex=0, role="region", aria_label=table.caption)
    return together(scroll, _legend(table))


def _legend(table: Table) -> Node:
    if not table.legend:
        return None
    items = [tag("li", tag("span", class_=f"swatch {tone.value}"), words) for tone, words in table.legend]
    return tag("ul", items, class_="legend", aria_label="What the colours say")


def _heads(table: Table) -> Node:
    """One row of heads, or two where columns stand in groups."""
    if not any(column.group for column in table.columns):
        corner = [tag("th", name, scope="col") for name in table.corner]
        return tag("tr", corner, [_head(column) for column in table.columns])
    corner = [tag("th", name, scope="col", rowspan=2) for name in table.corner]
    above: list[Markup] = []
    below: list[Markup] = []
    for group, columns in groupby(table.columns, key=lambda column: column.group):
        members = list(columns)
        if group:
            above.append(tag("th", group, scope="colgroup", colspan=len(members), class_="group"))
            below += [_head(column) for column in members]
        else:
            above += [_head(column, rowspan=2) for column in members]
    return together(tag("tr", corner, above), tag("tr", below))


def _head(column: Column, rowspan: int | None = None) -> Markup:
    kind = "plot" if column.plot else "number" if column.numeric else None
    return tag("th", column.head or column.label, scope="col", rowspan=rowspan, class_=kind)


def _bodies(table: Table, place: Place) -> list[Markup]:
    """Rows; those that share their first head stand together, and it is said once."""
    if len(table.corner) < 2:
        return [tag("tbody", [_row(row, table, place, row.heads) for row in table.rows])]
    bodies = []
    for first, rows in groupby(table.rows, key=lambda row: row.heads[0]):
        members = list(rows)
        group = tag("th", first, scope="rowgroup", rowspan=len(members))
        shown = [_row(row, table, place, row.heads[1:], None if at else group) for at, row in enumerate(members)]
        bodies.append(tag("tbody", shown))
    return bodies


def _row(row: Row, table: Table, place: Place, heads: Sequence[str], group: Markup | None = None) -> Markup:
    shown = [_cell(cell, column, place) for cell, column in zip(row.cells, table.columns, strict=True)]
    return tag("tr", group, [tag("th", head, scope="row") for head in heads], shown)


def _cell(cell: Cell, column: Column, place: Place) -> Markup:
    kinds = ["plot" if column.plot else "number" if column.numeric else "", cell.tone.value if cell.tone else ""]
    text: Node = tag("span", cell.text, class_="value") if cell.text else None
    if cell.run and cell.run in place.drawn:
        text = tag("a", text or cell.run, href=f"#{address(cell.run, place.prefix)}")
    return tag(
        "td",
        cell.plot,
        text,
        tag("span", cell.alarm, class_="alarm") if cell.alarm else None,
        tag("span", cell.detail, class_="detail") if cell.detail else None,
        class_=" ".join(kind for kind in kinds if kind) or None,
        title=cell.title or None,
    )
