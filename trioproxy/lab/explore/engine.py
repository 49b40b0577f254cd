"""Plays all cases of a part, one after the other, and says what was found.

    part ─▶ case, case, case … ─▶ stage ─▶ invariants ─▶ findings

A fault is struck at step 0, then, in a new run, at step 1, and so on, until a step is past the end.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from itertools import count

from trioproxy.lab.explore.case import Case, Scenario, Strike
from trioproxy.lab.explore.faults import fitting
from trioproxy.lab.explore.findings import Failure, Findings
from trioproxy.lab.explore.invariants import Breach, breaches
from trioproxy.lab.explore.parts import Part, faults_of
from trioproxy.lab.explore.stage import Happened, Theatre
from trioproxy.lab.explore.subject import Subject


class Engine:
    """One subject, and everything that is told to it in this process."""

    def __init__(self, subject: Subject, scenarios: Mapping[str, Scenario]) -> None:
        self._subject = subject
        self._scenarios = scenarios
        self.theatre = Theatre()

    async def explore(self, part: Part, enough: Callable[[Findings], bool] = lambda _: False) -> list[Findings]:
        """Play all of a part, or until it is `enough`; what each fault, or pair of them, came to. In `run` alone."""
        scenario = self._scenarios[part.scenario]
        found: dict[str, Findings] = {}
        for case in _every_step(part, scenario) if part.at_every_step else await self._sample(part, scenario):
            happened = await self.theatre.play(self._subject, case)
            cell = found.setdefault(case.fault, Findings(part.scenario, case.fault))
            note(cell, case, happened, breaches(happened))
            if enough(cell) or (part.at_every_step and not happened.struck):
                break
        return list(found.values())

    async def play(self, case: Case) -> tuple[Happened, list[Breach]]:
        """Play one case. In `run` alone."""
        happened = await self.theatre.play(self._subject, case)
        return happened, breaches(happened)

    async def _sample(self, part: Part, scenario: Scenario) -> Iterator[Case]:
        whole = await self.theatre.play(self._subject, Case(scenario, part.seed))
        return _sample(part, scenario, whole.steps)


def _every_step(part: Part, scenario: Scenario) -> Iterator[Case]:
    """A fault at step 0, 1, 2, …"""
    [fault] = faults_of(part)
    return (Case(scenario, part.seed, (Strike(fault, step),)) for step in count())


def _sample(part: Part, scenario: Scenario, steps: int) -> Iterator[Case]:
    """The one case that is asked for; or pairs of steps, and of faults if none are given: always the same ones."""
    if part.steps is not None:
        yield Case(scenario, part.seed, strikes(part, part.steps))
        return
    chance = random.Random(f"{part.scenario} {part.faults} {part.seed}")  # noqa: S311 - a sample
    known = fitting(len(scenario.story.clients))
    for _ in range(part.pairs):
        chosen = faults_of(part) or chance.sample(known, 2)
        # A fault may make more steps than there were without it.
        at = sorted(chance.randrange(steps + 4) for _ in chosen)
        struck = (Strike(fault, step, number) for number, (fault, step) in enumerate(zip(chosen, at, strict=True)))
        yield Case(scenario, part.seed, tuple(struck))


def strikes(part: Part, steps: tuple[int, ...]) -> tuple[Strike, ...]:
    """The faults of a part at these steps."""
    pairs = zip(faults_of(part), steps, strict=True)
    return tuple(Strike(fault, step, number) for number, (fault, step) in enumerate(pairs))


def note(cell: Findings, case: Case, happened: Happened, broken: list[Breach]) -> None:
    """Count a run."""
    cell.runs += 1
    cell.schedules.add(happened.schedule)
    cell.places.update(happened.struck)
    ending = ending_of(happened)
    cell.endings[ending] = cell.endings.get(ending, 0) + 1
    if broken:
        for name in {breach.invariant for breach in broken}:
            cell.broken[name] = cell.broken.get(name, 0) + 1
        cell.fail(failure_of(case, broken))


def failure_of(case: Case, broken: list[Breach]) -> Failure:
    """A run in which something was broken, in words and numbers."""
    return Failure(
        scenario=case.scenario.name,
        faults=tuple(strike.fault.name for strike in case.strikes),
        seed=case.seed,
        steps=tuple(strike.step for strike in case.strikes),
        breaches=tuple((str(breach.invariant), breach.words) for breach in broken),
    )


def ending_of(happened: Happened) -> str:
    """How a run ended: its calls, then its deliveries."""
    calls = " ".join(row.receipt.outcome for row in happened.books.calls) or "no call"
    return f"{calls} / {' '.join(row.receipt.outcome for row in happened.books.exchanges) or 'no delivery'}"
