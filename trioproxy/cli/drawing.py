"""Tables of the views on a terminal, or as wide as they are where it is a file or a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text

from trioproxy.views.table import Table

_GAP = 2  # one blank of padding, one that Rich draws between columns
# What a terminal that is too narrow does without, the first one first.
_DISPENSABLE = (
    "held back",
    "saved",
    "stop reason",
    "first byte",
    "cached",
    "abandoned",
    "client",
    "status",
    "open",
    "took",
    "started",
)
# What is then cut, in turn, and how much of it at least is shown: numbers and money never, if it can be helped.
_ELASTIC = {"asked for": 18, "model": 18, "ended": 13}
# What a column of a table that grows line by line is given, where nobody can know what is to come.
_USUAL_WIDTHS = {
    "started": 19,
    "client": 16,
    "asked for": 25,
    "ended": 36,
    "status": 6,
    "stop reason": 11,
    "in": 6,
    "cached": 6,
    "out": 6,
    "first byte": 10,
}
_USUAL_WIDTH = 8
_ANY_WIDTH = 10_000


def console() -> Console:
    """Standard output."""
    plain = Console(highlight=False, markup=False, soft_wrap=False)
    # Rich takes a pipe for a terminal of 80 columns.
    return plain if plain.is_terminal else Console(highlight=False, markup=False, width=_ANY_WIDTH)


def draw(table: Table, out: Console) -> None:
    """Print the whole table, its total and its notes."""
    lines = [*table.rows, *([table.total] if table.total else [])]
    natural = [
        max(cell_len(printable(cell)) for cell in (column.title, *(line[index] for line in lines)))
        for index, column in enumerate(table.columns)
    ]
    shown = _fitting(table, natural, out.width)
    drawn = _frame(table, shown, header=True)
    for line in table.rows:
        drawn.add_row(*_cells(line, shown))
    if table.total:
        drawn.show_footer = True
        for column, cell in zip(drawn.columns, _cells(table.total, shown), strict=True):
            column.footer = cell
    out.print(drawn)
    for note in table.notes:
        out.print(Text(printable(note)))


def draw_more(table: Table, out: Console, *, header: bool) -> None:
    """Print lines that come one after the other, below each other."""
    usual = [max(_USUAL_WIDTHS.get(column.title, _USUAL_WIDTH), len(column.title)) for column in table.columns]
    shown = _fitting(table, usual, out.width)
    drawn = _frame(table, shown, header=header)
    for line in table.rows:
        drawn.add_row(*_cells(line, shown))
    out.print(drawn)


def printable(text: str) -> str:
    """`text` without what a terminal would obey: clients choose what stands in their headers."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _fitting(table: Table, widths: Sequence[int], available: int) -> dict[int, int]:
    """The columns that are shown, by index, and how wide each of them is."""
    shown = dict(enumerate(widths))
    for title in _DISPENSABLE:
        if _too_wide(shown, available) <= 0:
            break
        shown = {index: width for index, width in shown.items() if table.columns[index].title != title}
    for index, width in shown.items():
        least = _ELASTIC.get(table.columns[index].title, width)
        shown[index] = min(width, max(least, width - _too_wide(shown, available)))
    return shown


def _too_wide(shown: Mapping[int, int], available: int) -> int:
    return sum(shown.values()) + _GAP * (len(shown) - 1) - available


def _frame(table: Table, shown: Mapping[int, int], *, header: bool) -> Drawn:
    drawn = Drawn(box=box.SIMPLE, show_header=header, show_edge=False, pad_edge=False)
    drawn.padding = (0, _GAP - 1, 0, 0)
    for index, width in shown.items():
        column = table.columns[index]
        drawn.add_column(
            Text(column.title),
            justify="right" if column.numeric else "left",
            no_wrap=True,
            overflow="ellipsis",
            width=width,
        )
    return drawn


def _cells(line: Sequence[str], shown: Iterable[int]) -> list[Text]:
    return [Text(printable(line[index])) for index in shown]
