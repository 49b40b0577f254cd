"""One case once more, with its timeline; and the smallest story in which the same thing breaks.

failure ─▶ retell ─▶ what was broken, when what happened
        └▶ shrink ─▶ fewer clients, chunks, pauses, deeds, headers and faults, as long as the invariant still breaks
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from trioproxy.lab.explore.case import Case, Scenario
from trioproxy.lab.explore.engine import Engine
from trioproxy.lab.explore.faults import fitting
from trioproxy.lab.explore.findings import Failure
from trioproxy.lab.explore.invariants import Breach, breaches
from trioproxy.lab.explore.parts import Part
from trioproxy.lab.explore.shrinking import smaller
from trioproxy.lab.explore.stage import Happened, Theatre
from trioproxy.lab.explore.subject import Subject
from trioproxy.lab.explore.timeline import Timeline
from trioproxy.trace.records import Event

# The most runs that are spent on making one story smaller.
MOST_RUNS = 10_000
# With how many seeds a smaller story is tried, and with how many pairs of steps.
_SEEDS = 3
_PAIRS = 150


@dataclass(frozen=True, slots=True)
class Rerun:
    """A case with what happened in it."""

    case: Case
    happened: Happened
    broken: list[Breach]
    events: list[Event]


def retell(subject: Subject, case: Case, run: str) -> Rerun:
    """Play `case` again and write its timeline down, under the id `run`."""
    theatre, timeline = Theatre(), Timeline(run)

    async def main() -> Happened:
        return await theatre.play(subject, case, timeline)

    happened = theatre.run(main)
    broken = breaches(happened)
    timeline.broken((each.invariant, each.words) for each in broken)
    return Rerun(case, happened, broken, timeline.events)


def shrink(subject: Subject, scenario: Scenario, failure: Failure) -> tuple[Scenario, Failure]:
    """The smallest story found in which the first invariant of `failure` still breaks, and how.

    Everything is tried to be left out, one thing after the other, until nothing of what there is can be.
    """
    broken, runs = failure.breaches[0][0], 0
    at = in_vain = 0
    while in_vain < len(candidates := list(_candidates(scenario, failure))) and runs <= MOST_RUNS:
        at %= len(candidates)
        candidate, faults = candidates[at]
        found, spent = _breaks(subject, candidate, faults, failure.seed, broken)
        runs += spent
        if found is not None:  # the next thing to leave out has now moved to this place
            scenario, failure, in_vain = candidate, found, 0
        else:
            at, in_vain = at + 1, in_vain + 1
    return scenario, failure


def _candidates(scenario: Scenario, failure: Failure) -> Iterator[tuple[Scenario, tuple[str, ...]]]:
    if failure.faults:
        yield scenario, ()
    if len(failure.faults) > 1:
        yield from ((scenario, (fault,)) for fault in failure.faults)
    for story in smaller(scenario.story):
        known = {fault.name for fault in fitting(len(story.clients))}
        if known.issuperset(failure.faults):
            yield replace(scenario, story=story), failure.faults


def _breaks(
    subject: Subject, scenario: Scenario, faults: tuple[str, ...], seed: int, invariant: str
) -> tuple[Failure | None, int]:
    """The first run of this story in which the invariant breaks, if one does soon; and how many runs that took."""
    engine, runs = Engine(subject, {scenario.name: scenario}), 0

    async def main() -> Failure | None:
        nonlocal runs
        for each in dict.fromkeys((seed, *range(_SEEDS))):
            part = Part(scenario.name, each, faults, _PAIRS if len(faults) > 1 else 0, None if faults else ())
            for findings in await engine.explore(part, lambda cell: invariant in cell.broken):
                runs += findings.runs
                for failure in findings.failures:
                    if any(name == invariant for name, _ in failure.breaches):
                        return _first(failure, invariant)
        return None

    return engine.theatre.run(main), runs


def _first(failure: Failure, invariant: str) -> Failure:
    """`failure` with that invariant before others."""
    ordered = sorted(failure.breaches, key=lambda breach: breach[0] != invariant)
    return Failure(failure.scenario, failure.faults, failure.seed, failure.steps, tuple(ordered))
