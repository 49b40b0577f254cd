"""The parts of a report, in their order.

comparison ─ what ran ─ glance ─ numbers ─ heat maps ─ box plots ─ invariants ─ timelines ─ troubles
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Sequence

from trioproxy.lab.measures import unit
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
    Timeline,
    Timelines,
)
from trioproxy.lab.report.boxes import box_blocks
from trioproxy.lab.report.cells import CellFacts, Sample, cell_facts
from trioproxy.lab.report.comparison import compare
from trioproxy.lab.report.glance import glance_blocks
from trioproxy.lab.report.heat import heat_maps
from trioproxy.lab.report.invariants import invariant_blocks
from trioproxy.lab.report.numbers import number_blocks
from trioproxy.lab.report.results import Results
from trioproxy.lab.report.side_by_side import comparison_blocks
from trioproxy.lab.report.words import once, plural, quantity, words
from trioproxy.trace.records import Trouble

# So many timelines are drawn; of more, those first that broke something.
MOST_TIMELINES = 1000
# How the wire lab begins what it says of cells that a protocol does not have: no trouble to worry about.
IMPOSSIBLE = "impossible"


def sections(results: Results, only: Collection[str] = (), prefix: str = "") -> list[Section]:
    """The parts that `results` have something for. `only`: the runs whose timelines are drawn; by default what fits."""
    facts = cell_facts(results.runs, results.events)
    parts: list[tuple[str, str, Sequence[Block]]] = [
        ("What ran", "ran", what_ran(results)),
        ("At a glance", "glance", glance_blocks(facts)),
        ("The numbers", "numbers", number_blocks(results.figures)),
        ("Heat map", "heat", heat_maps(facts)),
        ("Abort latency", "abort", box_blocks(facts)),
        ("Invariants", "invariants", invariant_blocks(results.tallies, results.runs)),
        # What examples measured says nothing of the others.
        ("Other measures", "measures", [] if results.tallies else other_measures(facts)),
        ("Timelines", "timelines", timelines(results, only)),
        ("Troubles", "troubles", troubles(results.troubles)),
    ]
    return [Section(title, prefix + anchor, tuple(blocks)) for title, anchor, blocks in parts if blocks]


def comparison(a: Results, b: Results) -> Section:
    """Both side by side."""
    return Section("Comparison", "comparison", tuple(comparison_blocks(compare(a, b), a.name, b.name)))


def what_ran(results: Results) -> list[Block]:
    """The command, when and where it ran, and with which versions."""
    header = results.header
    counts = [
        # The runs of a file of tallies are examples of what was counted.
        plural(sum(tally.runs for tally in results.tallies) or len(results.runs), "run"),
        plural(len(results.subjects), "target" if header.lab == "wire" else "subject"),
        plural(len(results.timed_runs), "timeline"),
    ]
    if results.troubles:
        counts.append(plural(len(results.troubles), "trouble"))
    facts = [
        ("began", header.began_at),
        ("runs", ", ".join(counts)),
        *((name, version) for name, version in header.versions.items()),
        *((name, words(value, unit(name))) for name, value in header.machine.items()),
    ]
    command = [Output("Command", shlex.join(header.command))] if header.command else []
    return [*command, Facts(tuple(facts))]


def other_measures(facts: Iterable[CellFacts]) -> list[Block]:
    """Whatever else was measured as a number: median and p99 of each cell."""
    measured = [each for each in facts if each.others]
    names = once(name for each in measured for name in each.others)
    if not names:
        return []
    columns = tuple(Column(part, group=name, numeric=True) for name in names for part in ("median", "max"))
    rows = tuple(
        Row(
            (each.subject, ", ".join(value for _, value in each.cell)),
            tuple(cell for name in names for cell in _summary(each.others.get(name), unit(name))),
        )
        for each in measured
    )
    table = Table("Median and greatest of each cell", ("target", "cell"), columns, rows, wide=True)
    return [Folded(", ".join(names), (table,))]


def _summary(sample: Sample | None, unit: str) -> tuple[Cell, Cell]:
    if sample is None:
        return Cell(), Cell()
    return Cell(quantity(sample.median, unit)), Cell(quantity(sample.values[-1], unit))


def timelines(results: Results, only: Collection[str] = ()) -> list[Block]:
    """The runs that have events."""
    runs = [run for run in results.timed_runs if not only or run.id in only]
    if not runs:
        return []
    examples = {id for tally in results.tallies for id in tally.examples.values()}
    first = [run for run in runs if run.broken or run.id in examples]
    chosen = (
        {run.id for run in [*first, *runs][:MOST_TIMELINES]} if len(runs) > MOST_TIMELINES else {run.id for run in runs}
    )
    kept = [run for run in runs if run.id in chosen]
    drawn = tuple(Timeline(run, results.events[run.id]) for run in kept)
    return [Timelines(drawn, len(runs) - len(kept))]


def troubles(found: Sequence[Trouble]) -> list[Block]:
    """What could not be done, with what was said about it; what befell several is said once, long lists are folded."""
    subjects: dict[tuple[str, str], list[str]] = {}
    for each in found:
        subjects.setdefault((each.what, each.output), []).append(each.subject)
    blocks: list[Block] = []
    for (what, output), who in subjects.items():
        title = f"{', '.join(once(who))}: {what}"
        blocks.append(Folded(title, (Output("", output),)) if what.startswith(IMPOSSIBLE) else Output(title, output))
    return blocks
