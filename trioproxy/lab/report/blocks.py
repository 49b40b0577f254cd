"""What a report is made of, before it is HTML or Markdown: both show the same tables.

Section ── Table, Words, Facts, Output, Folded, Timelines ──▶ page.py      HTML
                                                              └──▶ markdown.py  GitHub's Markdown
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trioproxy.lab.report.markup import Markup
from trioproxy.trace.records import Event, Run


class Tone(StrEnum):
    """What a cell's background says besides its text; the heat scale from quick to slow, and what lies beyond it."""

    LEVEL_0 = "level-0"
    LEVEL_1 = "level-1"
    LEVEL_2 = "level-2"
    LEVEL_3 = "level-3"
    LEVEL_4 = "level-4"
    NEVER = "never"
    PARTLY = "partly"
    GOOD = "good"
    BAD = "bad"
    QUIET = "quiet"


LEVELS = (Tone.LEVEL_0, Tone.LEVEL_1, Tone.LEVEL_2, Tone.LEVEL_3, Tone.LEVEL_4)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `detail` stands below the text, `run` is the id of a run to look at, `plot` is for HTML alone."""

    text: str = ""
    detail: str = ""
    tone: Tone | None = None
    alarm: str = ""
    title: str = ""
    run: str = ""
    plot: Markup | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `group` stands above several; `numeric` ones are aligned on the right; `plot` is for HTML alone."""

    label: str
    group: str = ""
    numeric: bool = False
    plot: bool = False
    # What stands in the head instead of the label, such as an axis.
    head: Markup | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its heads, then its cells."""

    heads: tuple[str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows and columns. `corner` names the columns of heads; `legend` explains tones that occur."""

    caption: str
    corner: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    legend: tuple[tuple[Tone, str], ...] = ()
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Output:
    """Text as a program wrote it."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Folded:
    """What is shown when it is asked for."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """One run in its swim lanes."""

    run: Run
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Timelines:
    """All of them, one of which is chosen; `left_out` more were not drawn."""

    timelines: tuple[Timeline, ...]
    left_out: int = 0


Block = Table | Words | Facts | Output | Folded | Timelines


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report with a heading. `anchor` is its address on the page."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]
