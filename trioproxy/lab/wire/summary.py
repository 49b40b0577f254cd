"""From the runs of a target to the rows of its table: one a cell, with what was measured over its repetitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from trioproxy.lab.measures import Measure
from trioproxy.lab.statistics import median, quantile
from trioproxy.trace.records import Run, Value


@dataclass(slots=True)
class Row:
    """One cell of one target."""

    subject: str
    cell: dict[str, str]
    runs: list[Run] = field(default_factory=list, repr=False)

    def values(self, name: str) -> list[Value]:
        """The runs' values of a measure, where there is one."""
        return [run.measures[name] for run in self.runs if run.measures.get(name) is not None]

    def numbers(self, name: str) -> list[float]:
        """The same, of a measure that is a number."""
        return [float(value) for value in self.values(name) if isinstance(value, int | float)]

    @property
    def told(self) -> str:
        """How many of those that were to be told were told: `20 of 20`."""
        told = self.values(Measure.TOLD)
        return f"{sum(bool(each) for each in told)} of {len(told)}" if told else "-"

    @property
    def late_ms(self) -> str:
        """Median, p99 and maximum."""
        late = self.numbers(Measure.ABORT_MS)
        return " / ".join(f"{value:.2f}" for value in (median(late), quantile(late, 0.99), max(late))) if late else "-"

    @property
    def after_bytes(self) -> str:
        """The median, and the most."""
        after = self.numbers(Measure.AFTER_BYTES)
        return f"{median(after):,.0f} / {max(after):,.0f}" if after else "-"

    @property
    def saw(self) -> str:
        """What clients saw, the most frequent first."""
        seen = Counter(str(value) for value in self.values(Measure.SAW))
        status = {str(value) for value in self.values("status") if value != 200}
        words = ", ".join(f"{what} ({count})" if len(seen) > 1 else what for what, count in seen.most_common())
        return f"{words} {'/'.join(sorted(status))}".strip() or "-"

    @property
    def lies(self) -> int:
        """How many clean ends were none."""
        return sum(bool(value) for value in self.values(Measure.LIE))

    @property
    def remarks(self) -> str:
        """What else there is to say."""
        said = []
        if out := sum(run.measures.get(Measure.REACHED) is False for run in self.runs):
            said.append(f"phase not reached ({out} of {len(self.runs)})")
        if after := sum(run.measures.get(Measure.ASKED_AFTER) is True for run in self.runs):
            said.append(f"asked the upstream after the client had gone ({after})")
        if self.lies:
            said.append(f"LIE ({self.lies} of {len(self.runs)})")
        if stalled := self.values(Measure.STALLED):
            pulled = max(self.numbers(Measure.AFTER_BYTES), default=0)
            said.append(f"{'paused' if all(stalled) else 'pulled on'} after {pulled / 1e6:.1f} MB")
        return "; ".join(said)


def rows(runs: Iterable[Run]) -> list[Row]:
    """One for each cell of each target, in the order in which they were run."""
    found: dict[tuple[str, ...], Row] = {}
    for run in runs:
        key = (run.subject, *run.cell.values())
        found.setdefault(key, Row(run.subject, run.cell)).runs.append(run)
    return list(found.values())


def subjects(found: Sequence[Row]) -> list[str]:
    """The targets, in their order."""
    return list(dict.fromkeys(row.subject for row in found))
