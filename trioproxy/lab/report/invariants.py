"""Which invariants each combination breaks, how often, with a run to look at; and what else was counted.

tallies (or runs, where there are none) ──▶ rows: combinations, cells    columns: invariants
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from trioproxy.lab.report.blocks import LEVELS, Block, Cell, Column, Folded, Row, Table, Tone, Words
from trioproxy.lab.report.words import NOT_KNOWN, number, once, plural, quantity
from trioproxy.trace.records import Run, Tally

LEGEND = (
    (Tone.GOOD, "held in every run"),
    (LEVELS[1], "broken in up to 1 % of the runs"),
    (LEVELS[2], "in up to 10 %"),
    (LEVELS[4], "in more"),
)

# Longer tables are cut.
MOST_ROWS = 500

Heads = tuple[str, ...]


@dataclass(slots=True)
class Account:
    """The tallies of one row, added up."""

    runs: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)


def invariant_blocks(tallies: Sequence[Tally], runs: Sequence[Run]) -> list[Block]:
    """Invariants by combination, then by cell; then what was counted. Nothing, where nothing was checked."""
    counted = tallies or _from_runs(runs)
    invariants = once(name for tally in counted for name in tally.broken)
    if not tallies and not invariants:
        return []
    axes = _axes(counted)
    by_subject = accounts(((tally.subject,), tally) for tally in counted)
    by_cell = accounts(
        ((tally.subject, *(tally.cell.get(axis, NOT_KNOWN) for axis in axes)), tally) for tally in counted
    )
    blocks: list[Block] = [Words(_said(by_subject, invariants))]
    if not invariants:
        blocks.append(Folded("Runs of each cell", _by_cell(("subject", *axes), invariants, by_cell)))
    elif len(by_subject) > 1 or not axes:
        blocks.append(_matrix("Broken invariants of each combination", ("combination",), invariants, by_subject))
        if len(by_cell) > len(by_subject):
            blocks.append(Folded("The same by cell", _by_cell(("combination", *axes), invariants, by_cell)))
    else:
        blocks += _by_cell(("subject", *axes), invariants, by_cell)
    if examples := _examples(by_cell, invariants, {run.id: run.repeat for run in runs}):
        blocks.append(Folded("An example of each", (examples,)))
    counts = once(name for account in by_subject.values() for name in account.counts)
    if counts:
        blocks.append(Folded("What was counted besides", (_counts(counts, by_subject),)))
    return blocks


def _axes(tallies: Sequence[Tally]) -> list[str]:
    """The axes on which the cells of one combination differ; what all of them share is in its name."""
    axes = once(axis for tally in tallies for axis in tally.cell)
    if len({tally.subject for tally in tallies}) == 1:
        return axes
    values: dict[tuple[str, str], set[str]] = {}
    for tally in tallies:
        for axis in axes:
            values.setdefault((tally.subject, axis), set()).add(tally.cell.get(axis, NOT_KNOWN))
    return [axis for axis in axes if any(len(found) > 1 for (_, of), found in values.items() if of == axis)]


def _by_cell(corner: Heads, invariants: Sequence[str], rows: dict[Heads, Account]) -> tuple[Block, ...]:
    """Every cell, or of too many those that break something."""
    caption = "Broken invariants of each cell"
    if len(rows) <= MOST_ROWS or not invariants:
        return (_matrix(caption if invariants else "Runs of each cell", corner, invariants, rows),)
    broken = {heads: account for heads, account in rows.items() if +account.broken}
    shown = dict(list(broken.items())[:MOST_ROWS])
    said = f"Of {len(rows):,} cells {len(broken):,} break something; {len(shown):,} of these are shown."
    return Words(said), _matrix(caption, corner, invariants, shown)


def accounts(tallies: Iterable[tuple[Heads, Tally]]) -> dict[Heads, Account]:
    """The tallies of each row, added up; the first example of each invariant is kept."""
    rows: dict[Heads, Account] = {}
    for heads, tally in tallies:
        account = rows.setdefault(heads, Account())
        account.runs += tally.runs
        account.broken.update(tally.broken)
        account.counts.update(tally.counts)
        account.examples = {**tally.examples, **account.examples}
    return rows


def _from_runs(runs: Sequence[Run]) -> list[Tally]:
    return [
        Tally(
            subject=run.subject,
            cell=run.cell,
            runs=1,
            broken=dict.fromkeys(run.broken, 1),
            examples=dict.fromkeys(run.broken, run.id),
        )
        for run in runs
    ]


def _said(rows: dict[Heads, Account], invariants: Sequence[str]) -> str:
    total = sum(account.runs for account in rows.values())
    broken = [account for account in rows.values() if +account.broken]
    kept = f"{plural(total, 'run')} of {plural(len(rows), 'combination')}"
    if not broken:
        return f"{kept}: no invariant was broken."
    return f"{kept}: {plural(len(invariants), 'invariant')} broken, by {plural(len(broken), 'combination')}."


def _matrix(caption: str, corner: Heads, invariants: Sequence[str], rows: dict[Heads, Account]) -> Table:
    return Table(
        caption=caption,
        corner=corner,
        columns=(Column("runs", numeric=True), *(Column(name, numeric=True) for name in invariants)),
        rows=tuple(
            Row(heads, (Cell(number(account.runs)), *(_broken(account, name) for name in invariants)))
            for heads, account in rows.items()
        ),
        legend=LEGEND if invariants else (),
        wide=True,
    )


def _broken(account: Account, invariant: str) -> Cell:
    count = account.broken[invariant]
    if not count:
        return Cell("0", tone=Tone.GOOD, title=f"{invariant}: held in {plural(account.runs, 'run')}")
    part = count / account.runs if account.runs else 1.0
    tone = LEVELS[1] if part <= 0.01 else LEVELS[2] if part <= 0.1 else LEVELS[4]
    return Cell(
        number(count),
        detail=quantity(part, "share"),
        tone=tone,
        title=f"{invariant}: broken in {count} of {plural(account.runs, 'run')}",
        run=account.examples.get(invariant, ""),
    )


def _examples(rows: dict[Heads, Account], invariants: Sequence[str], repeats: Mapping[str, str]) -> Table | None:
    """Runs that break each invariant, once each, with the command that repeats them."""
    found = once(
        (invariant, heads[0], run)
        for invariant in invariants
        for heads, account in rows.items()
        if (run := account.examples.get(invariant, ""))
    )[:MOST_ROWS]
    if not found:
        return None
    return Table(
        caption="Runs that break an invariant",
        corner=("invariant", "combination"),
        columns=(Column("run"), Column("repeated by")),
        rows=tuple(
            Row((invariant, subject), (Cell(run, run=run), Cell(repeats.get(run, ""))))
            for invariant, subject, run in found
        ),
        wide=True,
    )


def _counts(names: Sequence[str], rows: dict[Heads, Account]) -> Table:
    return Table(
        caption="Endings, and whatever else was counted",
        corner=("combination",),
        columns=tuple(Column(name, numeric=True) for name in names),
        rows=tuple(
            Row(heads, tuple(Cell(number(account.counts[name])) for name in names)) for heads, account in rows.items()
        ),
        wide=True,
    )
