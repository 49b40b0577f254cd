"""What a number of runs came to: counted, and added up over parts and processes."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Failure(msgspec.Struct, frozen=True):
    """A run in which an invariant was broken: enough to run it again, and what was found."""

    scenario: str
    faults: tuple[str, ...]
    seed: int
    steps: tuple[int, ...]
    # (invariant, how it was broken)
    breaches: tuple[tuple[str, str], ...]

    @property
    def id(self) -> str:
        """What results call the run."""
        where = "+".join(f"{fault}@{step}" for fault, step in zip(self.faults, self.steps, strict=True))
        return f"{self.scenario}/{where or 'nothing'}/{self.seed}"

    @property
    def invariants(self) -> list[str]:
        """What was broken, each once."""
        return list(dict.fromkeys(name for name, _ in self.breaches))


class Findings(msgspec.Struct):
    """Of many runs of one scenario with one fault (or pair of faults).

    Args:
        schedules: stands each for an order of steps that was seen.
        places: where in the code the faults struck.
        endings: "calls / deliveries" to how often a run ended so.
        broken: an invariant to in how many runs it was broken.
        failures: the first run that broke each of them.
    """

    scenario: str
    fault: str
    runs: int = 0
    schedules: set[int] = msgspec.field(default_factory=set)
    places: set[str] = msgspec.field(default_factory=set)
    endings: dict[str, int] = msgspec.field(default_factory=dict)
    broken: dict[str, int] = msgspec.field(default_factory=dict)
    failures: list[Failure] = msgspec.field(default_factory=list)

    def add(self, other: Findings) -> None:
        """Count what `other` has found, too."""
        self.runs += other.runs
        self.schedules |= other.schedules
        self.places |= other.places
        for mine, theirs in ((self.endings, other.endings), (self.broken, other.broken)):
            for name, times in theirs.items():
                mine[name] = mine.get(name, 0) + times
        for failure in other.failures:
            self.fail(failure)

    def fail(self, failure: Failure) -> None:
        """Keep it, if it is the first to break one of its invariants."""
        known = {name for each in self.failures for name, _ in each.breaches}
        if not {name for name, _ in failure.breaches} <= known:
            self.failures.append(failure)


class Total:
    """The findings of a whole exploration, by scenario and fault, in the order in which they came."""

    def __init__(self) -> None:
        self.cells: dict[tuple[str, str], Findings] = {}
        self.runs = 0

    def add(self, findings: Findings) -> None:
        """Count them."""
        key = findings.scenario, findings.fault
        if key not in self.cells:
            self.cells[key] = Findings(*key)
        self.cells[key].add(findings)
        self.runs += findings.runs

    @property
    def failures(self) -> list[Failure]:
        """The first run for each invariant that was broken, of each cell."""
        return [failure for cell in self.cells.values() for failure in cell.failures]

    @property
    def broken(self) -> dict[str, int]:
        """An invariant to in how many runs it was broken."""
        return self._sum(lambda cell: cell.broken)

    @property
    def endings(self) -> dict[str, int]:
        """The ending of a run to how often it was seen."""
        return self._sum(lambda cell: cell.endings)

    def schedules(self, scenario: str | None = None) -> int:
        """How many different orders of steps there were; of two scenarios, even the same numbers are different."""
        return sum(len(schedules) for schedules in self._seen("schedules", scenario).values())

    def places(self, scenario: str | None = None) -> int:
        """At how many different places in the code faults struck, each scenario with its own."""
        return sum(len(places) for places in self._seen("places", scenario).values())

    def _seen(self, what: str, scenario: str | None) -> dict[str, set[object]]:
        seen: dict[str, set[object]] = {}
        for (name, _), cell in self.cells.items():
            if scenario in (None, name):
                seen.setdefault(name, set()).update(getattr(cell, what))
        return seen

    def _sum(self, of: Callable[[Findings], dict[str, int]]) -> dict[str, int]:
        total: dict[str, int] = {}
        for cell in self.cells.values():
            for name, times in of(cell).items():
                total[name] = total.get(name, 0) + times
        return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))
