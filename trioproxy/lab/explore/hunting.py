"""Whether exploring finds deliberate bugs: each mutant in a process of its own, until an invariant breaks.

mutant ─▶ worker with its bug ─▶ its slice, part after part ─▶ caught, by which invariant, after how many runs
"""

# The mutants that are hunted at the same time are tasks here.
# ruff: noqa: TID251

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import trio

from trioproxy.lab.explore.crew import Worker
from trioproxy.lab.explore.findings import Failure
from trioproxy.lab.explore.mutating import Mutant
from trioproxy.lab.explore.parts import Part
from trioproxy.lab.explore.working import Task

# With how many scheduler seeds a bug is looked for before it counts as not found.
SEEDS = 8


@dataclass(frozen=True, slots=True)
class Hunt:
    """What became of one mutant. `caught`: the run that broke an invariant; None: none did."""

    mutant: Mutant
    runs: int
    caught: Failure | None


def slice_of(mutant: Mutant, seeds: int = SEEDS) -> Iterator[Part]:
    """Where it is looked for: each of its scenarios with each of its faults, at every step, seed after seed."""
    for seed in range(seeds):
        for scenario in mutant.scenarios:
            for fault in mutant.faults:
                yield Part(scenario, seed, (fault,))


async def hunt(mutant: Mutant) -> Hunt:
    """Look for one bug.

    Raises:
        WorkerLost: its text does not apply any more; or it does not even start.
    """
    runs = 0
    async with Worker([mutant.name]) as worker:
        for part in slice_of(mutant):
            for findings in await worker.do(Task(part, until_broken=True)):
                runs += findings.runs
                if findings.failures:
                    return Hunt(mutant, runs, findings.failures[0])
    return Hunt(mutant, runs, None)


async def hunt_all(mutants: Iterable[Mutant], jobs: int, tell: Callable[[Hunt], None]) -> None:
    """Look for all of them, `jobs` at a time; `tell` hears of each as it is done."""
    waiting = iter(mutants)

    async def work() -> None:
        for mutant in waiting:
            tell(await hunt(mutant))

    async with trio.open_nursery() as nursery:
        for _ in range(jobs):
            nursery.start_soon(work)
