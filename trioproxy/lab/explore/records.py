"""Results of an exploration in the schema that the whole lab shares (`trace/records.py`)."""

from __future__ import annotations

from collections.abc import Iterator

from trioproxy.lab.explore.findings import Failure, Total
from trioproxy.lab.explore.hunting import Hunt
from trioproxy.lab.explore.retelling import Rerun
from trioproxy.trace.records import Record, Run, Tally, Value


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


def hunted(hunt: Hunt) -> Iterator[Record]:
    """A deliberate bug that was looked for, and the run that found it; it broke nothing if none did."""
    caught, subject = hunt.caught, f"bug {hunt.mutant.name}"
    broken = dict.fromkeys(caught.invariants, 1) if caught is not None else {}
    yield Tally(subject=subject, cell={"bug": hunt.mutant.words}, runs=hunt.runs, broken=broken)
    if caught is not None:
        yield Run(
            id=f"{hunt.mutant.name}/{caught.id}",
            subject=subject,
            cell={"scenario": caught.scenario, "fault": "+".join(caught.faults) or "nothing"},
            seed=caught.seed,
            measures=_steps(caught),
            broken=caught.invariants,
        )


def a_run(failure: Failure, rerun: Rerun, *, subject: str, repeat: str, script: str) -> Iterator[Record]:
    """A run, and its timeline; `failure` says which, and what it broke, if anything."""
    yield Run(
        id=failure.id,
        subject=subject,
        cell={"scenario": failure.scenario, "fault": "+".join(failure.faults) or "nothing"},
        seed=failure.seed,
        measures={**_steps(failure), "steps": rerun.happened.steps},
        broken=failure.invariants,
        repeat=repeat,
        script=script,
    )
    yield from rerun.events


def _steps(failure: Failure) -> dict[str, Value]:
    first, second, *_ = (*failure.steps, None, None)
    return {"step": first, "second step": second}
