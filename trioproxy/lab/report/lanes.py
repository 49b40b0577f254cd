"""A run's timeline as SVG: a lane a column, time downwards, an event a row.

      time       client         seat    pump         upstream      settle
      0.000 s    ○ request              ▍connecting
      1.200 s    ✕ left: FIN    ○ …     ▍streaming
      1.203 s                           ◇ cancelled  ▲ told: RST

A long time between two rows makes them stand further apart. Every mark has its word beside it; a client's leaving is
tied to the upstream's learning of it by a bracket along the time.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from trioproxy.lab.report.markup import Markup, Node, tag
from trioproxy.lab.report.timeline import (
    INSTANT_S,
    Burst,
    Cut,
    Entry,
    Moment,
    Place,
    decimals,
    entries,
    label,
    notices,
    place,
    places,
)
from trioproxy.lab.report.words import number, size
from trioproxy.trace.records import Event, What

GUTTER = 104
LANE = 164
HEAD = 34
LINE = 15
GAP = 9
MOST_GAP = 34
# What a lane holds beside its mark, in characters; and how many lines of it.
CHARACTERS = 20
LINES = 4

MARKS = {
    What.LEFT: "cross",
    What.RESET: "cross",
    What.BROKE: "cross",
    What.TRUNCATED: "cross",
    What.FAILED: "cross",
    What.HANG: "cross",
    What.CANCELLED: "diamond",
    What.TOLD: "triangle",
    What.FAULT: "bolt",
    What.BROKEN: "bolt",
    What.BYTES: "small",
    What.PHASE: "square",
    What.CALL: "square",
    What.EXCHANGE: "square",
}


@dataclass(frozen=True, slots=True)
class _Laid:
    """A row with its place."""

    entry: Entry
    top: float
    height: float


def swim_lanes(events: Sequence[Event]) -> Markup:
    """The picture of a run; `events` in their order."""
    columns = places(events)
    across = {each: GUTTER + LANE * at + 14.0 for at, each in enumerate(columns)}
    laid = _laid(entries(events))
    bottom = laid[-1].top + laid[-1].height + 8 if laid else HEAD
    digits = decimals(events)
    return tag(
        "svg",
        _ground(list(across.values()), bottom),
        [_name(each, columns, across[each]) for each in columns],
        _brackets(events, laid),
        [_row(each, before, across, digits) for before, each in zip([None, *laid], laid, strict=False)],
        class_="lanes",
        width=GUTTER + LANE * len(columns) + 8,
        height=math.ceil(bottom),
        role="group",
        aria_label="Timeline: one row an event, in order of time",
    )


def symbols() -> Markup:
    """The marks, once for the whole page."""
    shapes = {
        "dot": tag("circle", r=4),
        "small": tag("circle", r=2.5),
        "square": tag("rect", x=-4, y=-4, width=8, height=8, rx=1),
        "diamond": tag("path", d="M0-6 6 0 0 6-6 0Z"),
        "triangle": tag("path", d="M0-5.5 6 5H-6Z"),
        "cross": tag("path", d="M-4.5-4.5 4.5 4.5M4.5-4.5-4.5 4.5", stroke_width=2.5, stroke_linecap="round"),
        "bolt": tag("path", d="M1-7-5 1.5H0L-1.5 7 5-1.5H0Z"),
    }
    marks = [tag("symbol", shape, id=f"mark-{name}", overflow="visible") for name, shape in shapes.items()]
    return tag("svg", marks, width=0, height=0, class_="symbols", aria_hidden="true")


def _lines(entry: Entry) -> int:
    match entry:
        case Moment():
            return len(_wrapped(label(entry.event)))
        case Burst():
            return 2
        case Cut():
            return 1


def _wrapped(text: str) -> list[str]:
    lines = textwrap.wrap(text, CHARACTERS, break_long_words=True) or [""]
    return lines if len(lines) <= LINES else [*lines[: LINES - 1], lines[LINES - 1][: CHARACTERS - 1] + "…"]


def _laid(rows: Sequence[Entry]) -> list[_Laid]:
    laid: list[_Laid] = []
    top, last = float(HEAD), None
    for row in rows:
        top += _gap(row.at_s - last) if last is not None else GAP
        height = LINE * _lines(row)
        laid.append(_Laid(row, top, height))
        top += height
        last = row.at_s
    return laid


def _gap(seconds: float) -> float:
    """Room above a row: more of it, the longer nothing happened; ten times as long is a fixed step more."""
    steps = max(0.0, math.log10(seconds / 1e-5)) if seconds > 0 else 0.0
    return min(GAP - 3 + 4 * steps, MOST_GAP)


def _ground(across: Sequence[float], bottom: float) -> list[Markup]:
    """What the marks stand on: every other lane shaded, a line in each."""
    shades = [tag("rect", x=x - 14, width=LANE, height=bottom, class_="odd") for x in across[1::2]]
    lines = "".join(f"M{x:g} {HEAD}V{bottom - 4:g}" for x in across)
    return [*shades, tag("path", d=lines, class_="lifeline")]


def _name(where: Place, columns: Sequence[Place], x: float) -> Markup:
    several = sum(each[0] is where[0] for each in columns) > 1
    name = f"{where[0].value} {where[1]}" if several else where[0].value
    return tag("text", name, x=x - 4, y=21, class_=f"lane-name {where[0].value}")


def _row(each: _Laid, before: _Laid | None, across: dict[Place, float], digits: int) -> Markup:
    entry, baseline = each.entry, each.top + 11
    same = before is not None and entry.at_s - before.entry.at_s < INSTANT_S
    time = None if same else tag("text", f"{entry.at_s:.{digits}f} s", x=GUTTER - 18, y=baseline, class_="time")
    match entry:
        case Moment(event):
            return _moment(event, time, each, across[place(event)], digits)
        case Burst():
            sums = [_sum(count, amount, across[where], baseline, where) for where, count, amount in entry.sums()]
            return tag("g", time, sums, class_="burst")
        case Cut(count):
            said = f"{number(count)} events are left out here; the file has them"
            return tag("g", tag("text", said, x=GUTTER, y=baseline, class_="cut"))


def _moment(event: Event, time: Markup | None, each: _Laid, x: float, digits: int) -> Markup:
    said = f"{event.at_s:.{digits}f} s, {event.lane.value}{f' {event.who}' if event.who else ''}: {label(event)}"
    if event.data:
        said += f"\n{event.data[:200].decode('utf-8', 'backslashreplace')}"
    first, *more = _wrapped(label(event))
    lines: list[Node] = [first, [tag("tspan", text, x=x + 12, dy=LINE) for text in more]]
    loud = " loud" if event.what in (What.FAULT, What.BROKEN) else ""
    band = tag("rect", x=x - 12, y=each.top - 2, width=LANE - 6, height=each.height + 4, rx=3) if loud else None
    return tag(
        "g",
        tag("title", said),
        time,
        band,
        tag("use", href=f"#mark-{MARKS.get(event.what, 'dot')}", x=x, y=each.top + 7),
        tag("text", lines, x=x + 12, y=each.top + 11),
        class_=f"{event.lane.value}{loud}",
        data_what=event.what.value,
    )


def _sum(count: int, amount: int, x: float, baseline: float, where: Place) -> Markup:
    return tag(
        "g",
        tag("use", href="#mark-small", x=x, y=baseline - 4),
        tag("use", href="#mark-small", x=x, y=baseline + 9),
        tag("text", f"{number(count)} × bytes", x=x + 12, y=baseline),
        tag("text", size(amount), x=x + 12, y=baseline + LINE, class_="quiet"),
        class_=where[0].value,
    )


def _brackets(events: Sequence[Event], laid: Sequence[_Laid]) -> list[Markup]:
    """From each leaving to the upstream's learning of it, at the edge of the time."""
    tops = {id(each.entry.event): each.top + 7 for each in laid if isinstance(each.entry, Moment)}
    marks = []
    for at, notice in enumerate(notices(events)):
        if notice.told is None or id(notice.left) not in tops or id(notice.told) not in tops:
            continue
        x, begin, end = GUTTER - 9 + 3 * at, tops[id(notice.left)], tops[id(notice.told)]
        path = tag("path", d=f"M{x + 5} {begin:.1f}H{x}V{end:.1f}H{x + 5}", class_="bracket")
        marks.append(tag("g", tag("title", notice.said()), path))
    return marks
