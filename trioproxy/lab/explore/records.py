"""Results of an exploration in the schema that the whole lab shares (`trace/records.py`)."""

from __future__ import annotations

from collections.abc import Iterator

from trioproxy.lab.explore.findings import Failure, Total
from trioproxy.lab.explore.retelling import Rerun
from trioproxy.trace.records import Record, Run, Tally


def tallies(total: Total, subject: str) -> Iterator[Tally]:
    """One for each scenario and fault."""
    for (scenario, fault), cell in total.cells.items():
        examples = {name: failure.id for failure in reversed(cell.failures) for name, _ in failure.breaches}
        yield Tally(
            subject=subject,
            cell={"scenario": scenario, "fault": fault},
            runs=cell.runs,
            broken=cell.broken,
            examples=examples,
            counts={"distinct schedules": len(cell.schedules), "distinct steps": len(cell.places), **cell.endings},
        )


def failing(failure: Failure, rerun: Rerun, *, subject: str, repeat: str, script: str) -> Iterator[Record]:
    """A failing run, and its timeline."""
    yield Run(
        id=failure.id,
        subject=subject,
        cell={"scenario": failure.scenario, "fault": "+".join(failure.faults) or "nothing"},
        seed=failure.seed,
        measures={
            "step": failure.steps[0] if failure.steps else None,
            "second step": failure.steps[1] if len(failure.steps) > 1 else None,
            "steps": rerun.happened.steps,
        },
        broken=failure.invariants,
        repeat=repeat,
        script=script,
    )
    yield from rerun.events
