"""Heat maps: for each cell and target whether the upstream was told, how late, and whether anybody was lied to.

    rows      cause, phase (or fault, or whatever axes the runs have)
    columns   target, and within it the protocol

Colour is never alone: each cell says in words what its colour says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.report.blocks import LEVELS, Cell, Column, Row, Table, Tone
from trioproxy.lab.report.cells import PROTOCOL, CellFacts, CellKey, Sample, Share
from trioproxy.lab.report.words import duration, interval, once, plural, share, size
from trioproxy.lab.statistics import Interval

Keys = TypeVar("Keys", bound=tuple[str, ...])

# The heat scale: up to so many milliseconds; slower than all of them is the last level.
BOUNDS_MS = (1.0, 10.0, 100.0, 1000.0)

LEGEND = (
    *zip(LEVELS, ("up to 1 ms", "to 10 ms", "to 100 ms", "to 1 s", "over 1 s"), strict=True),
    (Tone.PARTLY, "not told each time"),
    (Tone.NEVER, "never told"),
)
SAW_LEGEND = (
    (Tone.GOOD, "honest"),
    (Tone.LEVEL_0, "hangs, as it does without a proxy"),
    (Tone.LEVEL_3, "hangs"),
    (Tone.BAD, "lies: a clean end of what was not whole"),
)
# The subject that is no proxy at all: the harness by itself.
DIRECT = "direct"


def heat_maps(facts: Sequence[CellFacts]) -> list[Table]:
    """One for each set of axes that the cells have."""
    tables = []
    for axes in once(_axes(each) for each in facts):
        here = [each for each in facts if _axes(each) == axes]
        if any(_is_shown(each) for each in here):
            tables.append(_heat_map(axes, here))
    return tables


def row_key(facts: CellFacts) -> tuple[str, ...]:
    """The row of a cell: the values of its axes, save for the protocol."""
    return tuple(value for axis, value in facts.cell if axis != PROTOCOL)


def protocol(cell: CellKey) -> str:
    """Its protocol, if it has one."""
    return dict(cell).get(PROTOCOL, "")


def grouped(keys: Iterable[Keys]) -> list[Keys]:
    """`keys` so that those with the same beginning stand together, in the order of the first of each."""
    ranks: dict[tuple[str, ...], int] = {}
    listed = list(keys)
    for key in listed:
        for end in range(1, len(key) + 1):
            ranks.setdefault(key[:end], len(ranks))
    return sorted(listed, key=lambda key: [ranks[key[:end]] for end in range(1, len(key) + 1)])


def level(milliseconds: float) -> Tone:
    """The place of a time on the heat scale."""
    return LEVELS[sum(milliseconds > bound for bound in BOUNDS_MS)]


def _axes(facts: CellFacts) -> tuple[str, ...]:
    return tuple(axis for axis, _ in facts.cell if axis != PROTOCOL)


def _is_shown(facts: CellFacts) -> bool:
    return _is_about_leaving(facts) or bool(facts.saw) or facts.lies is not None


def _is_about_leaving(facts: CellFacts) -> bool:
    return facts.told is not None or not {Measure.REACHED, Measure.ASKED_AFTER}.isdisjoint(facts.flags)


def _heat_map(axes: tuple[str, ...], facts: Sequence[CellFacts]) -> Table:
    places = {(row_key(each), each.subject, protocol(each.cell)): each for each in facts}
    columns = grouped(once((each.subject, protocol(each.cell)) for each in facts))
    rows = grouped(once(row_key(each) for each in facts))
    hanging = {row_key(each) for each in facts if each.subject == DIRECT and Saw.HANG in each.saw}
    told = any(map(_is_about_leaving, facts))
    return Table(
        caption=_caption(axes, told),
        corner=axes or ("",),
        columns=tuple(_column(subject, protocol) for subject, protocol in columns),
        rows=tuple(
            Row(row or ("all runs",), tuple(_cell(places.get((row, *each)), row in hanging) for each in columns))
            for row in rows
        ),
        legend=LEGEND if told else SAW_LEGEND,
        wide=True,
    )


def _caption(axes: tuple[str, ...], told: bool) -> str:
    what = "Was the upstream told, and how late (median)" if told else "What the client saw"
    return f"{what}, by {' and '.join(axes)}" if axes else what


def _column(subject: str, protocol: str) -> Column:
    return Column(protocol, group=subject, numeric=True) if protocol else Column(subject, numeric=True)


def _cell(facts: CellFacts | None, hangs_anyway: bool) -> Cell:
    if facts is None:
        return Cell("", title="not run")
    if Measure.STALLED in facts.flags:
        text, detail, tone = _stalled(facts.flags[Measure.STALLED], facts.others.get(Measure.AFTER_BYTES))
    elif facts.told is not None:
        text, detail, tone = _told(facts.told, facts.abort_ms)
    elif _is_about_leaving(facts):
        text, detail, tone = "nothing to tell", "", Tone.QUIET
    else:
        text, detail, tone = _saw(facts, Tone.LEVEL_0 if hangs_anyway else Tone.LEVEL_3)
    return Cell(text, detail, tone, _alarm(facts), title=_title(facts), run=facts.example)


def _alarm(facts: CellFacts) -> str:
    reached, asked = (facts.flags.get(name) for name in (Measure.REACHED, Measure.ASKED_AFTER))
    said = []
    if facts.lies and facts.lies.part:
        said.append(plural(facts.lies.part, "lie"))
    if asked and asked.part:
        said.append(f"asked afterwards {share(asked.part, asked.whole)}")
    if reached and reached.part < reached.whole:
        said.append(f"not reached {share(reached.whole - reached.part, reached.whole)}")
    return f"\u26a0 {', '.join(said)}" if said else ""


def _stalled(stalled: Share, after_bytes: Sample | None) -> tuple[str, str, Tone | None]:
    text = f"pulled {size(after_bytes.median)}" if after_bytes else "stalled" if stalled.part else "went on"
    if stalled.part == stalled.whole:
        return text, "", Tone.LEVEL_0
    return text, f"went on pulling {share(stalled.whole - stalled.part, stalled.whole)}", Tone.LEVEL_3


def _told(told: Share, abort_ms: Sample | None) -> tuple[str, str, Tone | None]:
    if not told.part:
        return "never", share(0, told.whole), Tone.NEVER
    detail = "" if told.part == told.whole else f"told {share(told.part, told.whole)}"
    if abort_ms is None:
        return "told", detail, Tone.PARTLY if detail else None
    return duration(abort_ms.median / 1000), detail, Tone.PARTLY if detail else level(abort_ms.median)


def _saw(facts: CellFacts, hanging: Tone) -> tuple[str, str, Tone | None]:
    lied = bool(facts.lies and facts.lies.part)
    ranked = sorted(facts.saw.items(), key=lambda item: -item[1])
    text = ranked[0][0] if ranked else "lied to" if lied else "honest"
    detail = ", ".join(f"{count} {name}" for name, count in ranked[1:])
    return text, detail, Tone.BAD if lied else hanging if Saw.HANG in facts.saw else Tone.GOOD


def _title(facts: CellFacts) -> str:
    """All of it, for who points at the cell; 95 % confidence intervals in brackets."""
    parts: list[str] = [f"{facts.subject}: {', '.join(value for _, value in facts.cell)}", plural(facts.runs, "run")]
    if facts.told:
        parts.append(f"told {_bounded(facts.told)}")
    if of := facts.abort_ms:
        parts.append(f"median {duration(of.median / 1000)}{_between(of.median_interval, 'ms')}")
        parts.append(f"p99 {duration(of.quantile(0.99) / 1000)}{_between(of.p99_interval, 'ms')}")
        parts.append(f"max {duration(of.values[-1] / 1000)}")
    if of := facts.others.get(Measure.AFTER_BYTES):
        parts.append(f"pulled after that: median {size(of.median)}{_between(of.median_interval, 'B')}")
        parts.append(f"max {size(of.values[-1])}")
    parts += _counted(facts.saw.items())
    if facts.lies:
        parts.append(f"lies {_bounded(facts.lies)}")
    return "; ".join(parts)


def _bounded(of: Share) -> str:
    """A share and its 95 % confidence interval."""
    return f"{share(of.part, of.whole)}{_between(of.interval, 'share')}"


def _between(bounds: Interval, unit: str) -> str:
    """An interval in brackets; nothing where n is too small for one."""
    said = interval(bounds.low, bounds.high, unit)
    return f" ({said})" if said else ""


def _counted(items: Iterable[tuple[str, int]]) -> list[str]:
    return [f"{name} {count}" for name, count in items]
