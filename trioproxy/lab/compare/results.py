"""What a comparison found, as records of a results file and as a table.

findings of each combination ─▶ Tally (a cell: axes, scenario, fault) ─▶ Run, Events: one example of each breach
                             └▶ a row: the invariants that were broken, and in how many of how many runs
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from trioproxy.lab.compare.semantics import Semantics
from trioproxy.lab.compare.sweep import Contestant
from trioproxy.lab.explore.findings import Failure, Findings
from trioproxy.lab.explore.invariants import Invariant
from trioproxy.trace.records import Event, Run, Tally
from trioproxy.views.table import Column, Table

LAB = "compare"


@dataclass(frozen=True, slots=True)
class Example:
    """One run in which something was broken, and its timeline."""

    failure: Failure
    events: tuple[Event, ...]


@dataclass(slots=True)
class Standing:
    """What was found of one combination.

    Args:
        examples: the first run that broke each invariant.
        unbroken: runs at a chosen step, where they broke nothing.
    """

    contestant: Contestant
    cells: list[Findings] = field(default_factory=list)
    examples: dict[str, Example] = field(default_factory=dict)
    unbroken: list[Example] = field(default_factory=list)

    @property
    def runs(self) -> int:
        """How many there were."""
        return sum(cell.runs for cell in self.cells)

    @property
    def broken(self) -> dict[str, int]:
        """Invariant to how many runs broke it."""
        total: dict[str, int] = {}
        for cell in self.cells:
            for name, times in cell.broken.items():
                total[name] = total.get(name, 0) + times
        return total

    def first_failures(self) -> Iterator[tuple[str, Failure]]:
        """For each invariant the first run that broke it."""
        seen: set[str] = set()
        for cell in self.cells:
            for failure in cell.failures:
                for name, _ in failure.breaches:
                    if name not in seen:
                        seen.add(name)
                        yield name, failure


def table(standings: Sequence[Standing]) -> Table:
    """A row for each combination, a column for each invariant that anybody broke."""
    columns = [each for each in Invariant if any(each in standing.broken for standing in standings)]
    rows = []
    for standing in standings:
        cells = [_share(standing.broken.get(each, 0), standing.runs) for each in columns]
        rows.append((standing.contestant.name, str(standing.runs), *cells))
    titles = [Column(str(each), numeric=True) for each in columns]
    return Table((Column("combination"), Column("runs", numeric=True), *titles), tuple(rows))


def _share(broken: int, runs: int) -> str:
    """How many runs, and what share of them."""
    if not broken:
        return "–"
    percent = 100 * broken / runs
    return f"{broken} ({percent:.0f} %)" if percent >= 1 else f"{broken} (<1 %)"


def records(standings: Sequence[Standing]) -> Iterator[Tally | Run | Event]:
    """All that was found, without the header."""
    for standing in standings:
        name, cell = standing.contestant.name, standing.contestant.semantics.cell
        ids = {invariant: _id(name, example.failure) for invariant, example in standing.examples.items()}
        for findings in standing.cells:
            yield Tally(
                subject=name,
                cell={**cell, "scenario": findings.scenario, "fault": findings.fault},
                runs=findings.runs,
                broken=dict(findings.broken),
                examples={each: ids[each] for each in findings.broken if each in ids},
                counts=dict(findings.endings),
            )
        runs = {ids[invariant]: example for invariant, example in standing.examples.items()}
        runs |= {_id(name, example.failure): example for example in standing.unbroken}
        for run_id, example in runs.items():
            failure = example.failure
            yield Run(
                id=run_id,
                subject=name,
                cell={**cell, "scenario": failure.scenario, "fault": "+".join(failure.faults)},
                seed=failure.seed,
                measures={"step": failure.steps[0]},
                broken=failure.invariants,
                repeat=repeat(standing.contestant, failure),
            )
            yield from example.events


def run_id(standing: Standing, failure: Failure) -> str:
    """What results call a run."""
    return _id(standing.contestant.name, failure)


def _id(name: str, failure: Failure) -> str:
    return f"{name}/{failure.id}"


def repeat(contestant: Contestant, failure: Failure) -> str:
    """The command that plays it again."""
    usual, cell = Semantics().cell, contestant.semantics.cell
    axes = " ".join(f"--{axis} {value}" for axis, value in cell.items() if axis == "pump" or value != usual[axis])
    fault = "+".join(failure.faults)
    return (
        f"trioproxy lab compare {axes} --scenario {failure.scenario} --fault {fault} "
        f"--seed {failure.seed} --step {failure.steps[0]} --examples"
    )
