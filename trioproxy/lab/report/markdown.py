"""Blocks as GitHub's Markdown: the same tables, without pictures.

Text from results is escaped: it is shown as it is, and neither marks up nor links, nor mentions anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

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
from trioproxy.lab.report.html_timelines import telling_axes, title
from trioproxy.lab.report.markup import seen
from trioproxy.lab.report.results import Results
from trioproxy.lab.report.sections import comparison, sections
from trioproxy.lab.report.timeline import notices

_MARKS = re.compile(r"([\\`*_{}\[\]<>|#~&@!])")


def markdown(first: Results, second: Results | None = None) -> str:
    """The Markdown of a report on one file, or on two and how they differ."""
    if second is None:
        return _document(first.name, sections(first))
    both = _document(f"{first.name} and {second.name}", [comparison(first, second)])
    files = [_document(f"{letter}: {each.name}", sections(each), "#") for letter, each in (("A", first), ("B", second))]
    return "\n".join([both, *files])


def plain(text: str) -> str:
    """`text` so that Markdown shows it as it is, on one line."""
    one_line = " ".join(seen(text).split())
    return _MARKS.sub(r"\\\1", one_line).replace("://", ":\u2060//")


def _document(title: str, parts: Sequence[Section], below: str = "") -> str:
    lines = [f"{below}# {plain(title)}", ""]
    for part in parts:
        lines += [f"{below}## {plain(part.title)}", ""]
        for block in part.blocks:
            lines += [*_block(block), ""]
    return "\n".join(lines).rstrip() + "\n"


def _block(block: Block) -> list[str]:
    match block:
        case Words(text):
            return [plain(text)]
        case Facts(pairs):
            rows = [Row((name,), (Cell(value),)) for name, value in pairs if value]
            return _table(Table("", ("",), (Column(""),), tuple(rows)))
        case Output(title, text):
            return [*([f"{plain(title)}:", ""] if title else []), *_fenced(text or "(it said nothing)")]
        case Folded(title, blocks):
            inside = [line for each in blocks for line in (*_block(each), "")]
            return [f"<details><summary>{_inside_tag(title)}</summary>", "", *inside, "</details>"]
        case Timelines():
            return _timelines(block)
        case Table():
            return _table(block)


def _table(table: Table) -> list[str]:
    columns = [(at, column) for at, column in enumerate(table.columns) if not column.plot]
    heads = [*table.corner, *(" ".join(part for part in (each.group, each.label) if part) for _, each in columns)]
    ruler = ["---"] * len(table.corner) + ["--:" if each.numeric else "---" for _, each in columns]
    rows = [[*map(plain, row.heads), *(_cell(row.cells[at]) for at, _ in columns)] for row in table.rows]
    caption = [f"**{plain(table.caption)}**", ""] if table.caption else []
    return [*caption, _line(map(plain, heads)), _line(ruler), *map(_line, rows)]


def _cell(cell: Cell) -> str:
    parts = [cell.text, cell.alarm, f"({cell.detail})" if cell.detail and cell.text else cell.detail]
    return " ".join(plain(part) for part in parts if part)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _timelines(block: Timelines) -> list[str]:
    lines = [f"<details><summary>{len(block.timelines):,} runs with a timeline, which the page draws</summary>", ""]
    axes = telling_axes([each.run for each in block.timelines])
    for timeline in block.timelines:
        said = " ".join(notice.said() for notice in notices(timeline.events))
        broken = f" Breaks: {', '.join(timeline.run.broken)}." if timeline.run.broken else ""
        lines.append(f"- {plain(timeline.run.id)}: {plain(f'{title(timeline.run, axes)}. {said}{broken}')}")
    return [*lines, "", "</details>"]


def _fenced(text: str) -> list[str]:
    """A fence longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *seen(text).split("\n"), fence]


def _inside_tag(text: str) -> str:
    return seen(text).replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")
