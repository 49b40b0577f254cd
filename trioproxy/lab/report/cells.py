"""What the runs of one cell come to: how many were told, how late, and how many were lied to.

runs of (subject, cell) ──▶ CellFacts: shares with their count, samples with median, quantiles and intervals
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trioproxy.lab import strata
from trioproxy.lab.measures import Measure
from trioproxy.lab.statistics import Interval, median_interval, proportion_interval, quantile, quantile_interval
from trioproxy.trace.records import Run, Value

# The axis of a cell that is shown in columns, beside the subject.
PROTOCOL = "protocol"

CellKey = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """From 0 to 1."""
        return self.part / self.whole

    @property
    def interval(self) -> Interval:
        """Where it lies, with 95 % confidence."""
        return proportion_interval(self.part, self.whole)


@dataclass(frozen=True, slots=True)
class Sample:
    """Numbers, sorted; at least one."""

    values: tuple[float, ...]

    def quantile(self, q: float) -> float:
        """The value that the share `q` lies below."""
        return quantile(self.values, q)

    @property
    def median(self) -> float:
        """The middle one."""
        return self.quantile(0.5)

    @property
    def median_interval(self) -> Interval:
        """Where the median lies, with 95 % confidence."""
        return median_interval(self.values)

    @property
    def p99_interval(self) -> Interval:
        """Where the p99 lies, with 95 % confidence."""
        return quantile_interval(self.values, 0.99)


@dataclass(frozen=True, slots=True)
class Mixture(Sample):
    """The numbers of several cells, which weigh the same, however many each has."""

    cells: tuple[tuple[float, ...], ...]

    def quantile(self, q: float) -> float:
        """The value that the share `q` lies at or below."""
        return strata.quantile(self.cells, q)

    @property
    def median_interval(self) -> Interval:
        """Where the median lies, with about 95 % confidence."""
        return strata.quantile_interval(self.cells, 0.5)

    @property
    def p99_interval(self) -> Interval:
        """Where the p99 lies, with about 95 % confidence."""
        return strata.quantile_interval(self.cells, 0.99)


@dataclass(frozen=True, slots=True)
class CellFacts:
    """All runs of one subject in one cell. None, or nothing: not measured there."""

    subject: str
    cell: CellKey
    runs: int
    told: Share | None
    abort_ms: Sample | None
    lies: Share | None
    saw: Mapping[str, int]
    broken: Mapping[str, int]
    # Every other measure that is a number.
    others: Mapping[str, Sample]
    # Every other measure that is yes or no.
    flags: Mapping[str, Share]
    # A run with events, if there is one.
    example: str


def sample(values: Iterable[float]) -> Sample | None:
    """A sample, unless there is nothing in it."""
    ordered = tuple(sorted(values))
    return Sample(ordered) if ordered else None


def mixture(samples: Iterable[Sample]) -> Sample | None:
    """Several samples in one, unless there is none."""
    several = list(samples)
    if len(several) < 2:
        return several[0] if several else None
    cells = tuple(each.values for each in several)
    return Mixture(tuple(sorted(value for cell in cells for value in cell)), cells)


def cell_facts(runs: Iterable[Run], timed: Iterable[str] = ()) -> list[CellFacts]:
    """The facts of each subject and cell, in the order in which they come; `timed` are the runs that have events."""
    groups: dict[tuple[str, CellKey], list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.subject, tuple(run.cell.items())].append(run)
    has_events = frozenset(timed)
    return [_facts(subject, cell, group, has_events) for (subject, cell), group in groups.items()]


def _facts(subject: str, cell: CellKey, runs: Sequence[Run], timed: frozenset[str]) -> CellFacts:
    numbers: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        for name, value in run.measures.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                numbers[name].append(float(value))
    abort = numbers.pop(Measure.ABORT_MS, [])
    return CellFacts(
        subject=subject,
        cell=cell,
        runs=len(runs),
        told=_share(run.measures.get(Measure.TOLD) for run in runs),
        abort_ms=sample(abort),
        lies=_share(run.measures.get(Measure.LIE) for run in runs),
        saw=Counter(str(run.measures[Measure.SAW]) for run in runs if run.measures.get(Measure.SAW) is not None),
        broken=Counter(invariant for run in runs for invariant in run.broken),
        others={name: found for name, values in numbers.items() if (found := sample(values))},
        flags=_flags(runs),
        example=_example(runs, timed),
    )


def _flags(runs: Sequence[Run]) -> dict[str, Share]:
    names = {name for run in runs for name, value in run.measures.items() if isinstance(value, bool)}
    shares = {
        name: _share(run.measures.get(name) for run in runs) for name in sorted(names - {Measure.TOLD, Measure.LIE})
    }
    return {name: share for name, share in shares.items() if share}


def _share(values: Iterable[Value]) -> Share | None:
    known = [value for value in values if value is not None]
    return Share(sum(map(bool, known)), len(known)) if known else None


def _example(runs: Sequence[Run], timed: frozenset[str]) -> str:
    """Of the runs that have events one that lied or broke something, else the first."""
    candidates = [run for run in runs if run.id in timed]
    worst = [run for run in candidates if run.broken or run.measures.get(Measure.LIE)]
    return next((run.id for run in (*worst, *candidates)), "")
