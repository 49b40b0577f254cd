"""Two results files side by side: what differs by more than chance, and what does not.

    A, B ──▶ Compared: value and interval in each, difference, and a verdict

A difference is shown where the two 95 % confidence intervals have no point in common. That is stricter than a test at
5 % (about 0.6 % for intervals of the same width), which suits a table of many comparisons. Where an interval is not
known nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trioproxy.lab.report.cells import CellFacts, Share, cell_facts
from trioproxy.lab.report.invariants import Account, accounts
from trioproxy.lab.report.results import Results
from trioproxy.lab.report.words import once
from trioproxy.lab.statistics import UNKNOWN, Interval, proportion_interval


class Verdict(StrEnum):
    """What two intervals say."""

    HIGHER = "higher"
    LOWER = "lower"
    NONE = "no difference shown"
    UNKNOWN = "not known"
    ONLY_A = "only in A"
    ONLY_B = "only in B"


@dataclass(frozen=True, slots=True)
class Value:
    """A number, with what it is known to lie in and out of how many."""

    value: float
    interval: Interval
    n: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing that was measured in either file. `what`: the number; `where`: subject and cell."""

    what: str
    where: tuple[str, ...]
    unit: str
    a: Value | None
    b: Value | None

    @property
    def difference(self) -> float | None:
        """B less A."""
        return self.b.value - self.a.value if self.a and self.b else None

    @property
    def verdict(self) -> Verdict:
        """Whether B is shown to differ from A."""
        if self.a is None or self.b is None:
            return Verdict.ONLY_B if self.a is None else Verdict.ONLY_A
        if _is_above(self.b.interval, self.a.interval):
            return Verdict.HIGHER
        if _is_above(self.a.interval, self.b.interval):
            return Verdict.LOWER
        known = (*self.a.interval, *self.b.interval)
        return Verdict.UNKNOWN if None in known else Verdict.NONE


def compare(a: Results, b: Results) -> list[Compared]:
    """Numbers, cells and invariants of both, in the order of A; what only B has comes last.

    Where each file has one subject and they are not the same, the two are compared with each other.
    """
    name = _names(a, b)
    return [*_figures(a, b, name), *_cells(a, b, name), *_invariants(a, b, name)]


def _is_above(one: Interval, other: Interval) -> bool:
    return one.low is not None and other.high is not None and one.low > other.high


def _names(a: Results, b: Results) -> Callable[[str], str]:
    """What a subject is called here."""
    first, second = a.subjects, b.subjects
    if len(first) == len(second) == 1 and first != second:
        both = f"{first[0]} (A), {second[0]} (B)"
        return lambda subject: both
    return lambda subject: subject


def _figures(a: Results, b: Results, name: Callable[[str], str]) -> Iterable[Compared]:
    units = {(figure.name, name(figure.subject)): figure.unit for figure in (*b.figures, *a.figures)}
    values = [
        {
            (figure.name, name(figure.subject)): Value(figure.value, Interval(figure.low, figure.high), figure.n)
            for figure in each.figures
            # The same number in another unit is another number.
            if figure.value is not None and figure.unit == units[figure.name, name(figure.subject)]
        }
        for each in (a, b)
    ]
    for what, subject in once([*values[0], *values[1]]):
        yield Compared(
            what, (subject,), units[what, subject], values[0].get((what, subject)), values[1].get((what, subject))
        )


def _cells(a: Results, b: Results, name: Callable[[str], str]) -> Iterable[Compared]:
    facts = [
        {(name(each.subject), *(value for _, value in each.cell)): each for each in cell_facts(results.runs)}
        for results in (a, b)
    ]
    for where in once([*facts[0], *facts[1]]):
        pair = [each.get(where) for each in facts]
        for what, unit, of in _OF_A_CELL:
            first, second = (of(each) if each else None for each in pair)
            if first or second:
                yield Compared(what, where, unit, first, second)


def _told(facts: CellFacts) -> Value | None:
    return _of(facts.told)


def _lies(facts: CellFacts) -> Value | None:
    return _of(facts.lies)


def _abort(facts: CellFacts) -> Value | None:
    if not facts.abort_ms:
        return None
    return Value(facts.abort_ms.median, facts.abort_ms.median_interval, len(facts.abort_ms.values))


_OF_A_CELL = (("told", "share", _told), ("abort latency, median", "ms", _abort), ("lies", "share", _lies))


def _of(share: Share | None) -> Value | None:
    return Value(share.value, share.interval, share.whole) if share else None


def _invariants(a: Results, b: Results, name: Callable[[str], str]) -> Iterable[Compared]:
    tallied = [
        accounts(((name(tally.subject), *tally.cell.values()), tally) for tally in each.tallies) for each in (a, b)
    ]
    for where in once([*tallied[0], *tallied[1]]):
        pair = [each.get(where) for each in tallied]
        for invariant in once([broken for each in pair if each for broken in each.broken]):
            first, second = (_broken(each, invariant) for each in pair)
            yield Compared(f"breaks: {invariant}", where, "share", first, second)


def _broken(account: Account | None, invariant: str) -> Value | None:
    if account is None:
        return None
    count = account.broken[invariant]
    interval = proportion_interval(count, account.runs) if account.runs else UNKNOWN
    return Value(count / account.runs if account.runs else 0.0, interval, account.runs)


def shown(compared: Sequence[Compared]) -> list[Compared]:
    """Those that are shown to differ."""
    return [each for each in compared if each.verdict in (Verdict.HIGHER, Verdict.LOWER)]
