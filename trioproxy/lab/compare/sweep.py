"""Plays the same cases to each combination: every scenario and fault, under every seed, at every step.

    Contest ─▶ cells ─▶ Sweeper.sweep(cell) ─▶ findings: how many runs broke which invariant, and a case for each

A fault may be two, at the same moment: `leave+close`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import count, product

from trioproxy.errors import ConfigurationError
from trioproxy.lab.asked import unknown
from trioproxy.lab.compare.combine import words
from trioproxy.lab.compare.semantics import Again, Leaving, Semantics
from trioproxy.lab.compare.subject import COMMIT_S, Variant
from trioproxy.lab.explore.case import Case, Scenario, Strike
from trioproxy.lab.explore.engine import note
from trioproxy.lab.explore.faults import FAULTS
from trioproxy.lab.explore.findings import Failure, Findings
from trioproxy.lab.explore.invariants import breaches
from trioproxy.lab.explore.ours import OurProxy
from trioproxy.lab.explore.scenarios import SCENARIOS
from trioproxy.lab.explore.stage import Happened, Theatre
from trioproxy.lab.explore.subject import Conditions, Subject
from trioproxy.lab.explore.timeline import Timeline
from trioproxy.model import Join, Policy
from trioproxy.settings import DisconnectSettings, ReplaySettings
from trioproxy.trace.records import Event

OURS = "trioproxy"
USUAL_SCENARIOS = ("paced", "reset", "blocked", "leaver")
USUAL_FAULTS = ("leave", "break", "close", "stop", "leave+close")


@dataclass(frozen=True, slots=True)
class Contestant:
    """A combination: of the compact relay; or `ours`, the proxy as it serves, which has policy and joining alone."""

    semantics: Semantics
    ours: bool = False
    commit_s: float = COMMIT_S

    @property
    def name(self) -> str:
        """In words, as a table says it."""
        if not self.ours:
            return words(self.semantics)
        return words(self.semantics).replace(str(self.semantics.pump), OURS, 1)

    def subject(self) -> Subject:
        """What is played to."""
        return _ours() if self.ours else Variant(self.semantics, self.commit_s)

    def under(self, scenario: Scenario) -> Scenario:
        """The scenario with the policy of this combination in place of its own."""
        return replace(scenario, conditions=conditions(self.semantics.leaving, self.semantics.again))


@dataclass(frozen=True, slots=True)
class Contest:
    """What is played to everybody.

    Args:
        seeds: of the scheduler.
        stride: only every so many steps, other ones under each seed: so many seeds visit each step once.
        step: this one alone.
    """

    scenarios: tuple[str, ...] = USUAL_SCENARIOS
    faults: tuple[str, ...] = USUAL_FAULTS
    seeds: Sequence[int] = range(3)
    stride: int = 1
    step: int | None = None

    def __post_init__(self) -> None:
        problems = [unknown("option --scenario", name, SCENARIOS) for name in self.scenarios if name not in SCENARIOS]
        problems += [
            unknown("option --fault", fault, FAULTS, ", or two of them joined by +")
            for fault in self.faults
            if not FAULTS.keys() >= set(fault.split("+"))
        ]
        if problems:
            raise ConfigurationError(problems)

    @property
    def cells(self) -> Iterator[tuple[str, str]]:
        """Scenario and fault."""
        return product(self.scenarios, self.faults)

    def steps(self, seed: int) -> Iterable[int]:
        """Those at which a fault strikes; without an end, since only playing tells where it is."""
        return count(seed % self.stride, self.stride) if self.step is None else (self.step,)


async def sweep(theatre: Theatre, contestant: Contestant, scenario: str, fault: str, contest: Contest) -> Findings:
    """Play one scenario with one fault at one step after the other, until a step is past the end."""
    findings = Findings(scenario, fault)
    async for happened in played(theatre, contestant, scenario, fault, contest):
        note(findings, happened.case, happened, breaches(happened))
    return findings


async def played(
    theatre: Theatre, contestant: Contestant, scenario: str, fault: str, contest: Contest
) -> AsyncIterator[Happened]:
    """The runs of a cell; what one has left open is closed before the next."""
    subject = contestant.subject()
    for seed in contest.seeds:
        for step in contest.steps(seed):
            happened = await theatre.play(subject, case(contestant, scenario, fault, seed, step))
            yield happened
            if not happened.struck:
                break


async def timeline(theatre: Theatre, contestant: Contestant, failure: Failure, run: str) -> list[Event]:
    """The moments of a run that broke something; it is played again."""
    drawn = Timeline(run)
    [step] = set(failure.steps)
    again = case(contestant, failure.scenario, "+".join(failure.faults), failure.seed, step)
    await theatre.play(contestant.subject(), again, drawn)
    drawn.broken(failure.breaches)
    return list(drawn.events)  # of now: what is left open is closed before the next run


def case(contestant: Contestant, scenario: str, fault: str, seed: int, step: int) -> Case:
    """One case by the names of its parts."""
    strikes = tuple(Strike(FAULTS[name], step, number) for number, name in enumerate(fault.split("+")))
    return Case(contestant.under(SCENARIOS[scenario]), seed, strikes)


@cache
def conditions(leaving: Leaving, again: Again) -> Conditions:
    """What the proxy that serves is configured to, and what endings are judged by."""
    usual = DisconnectSettings()
    disconnect = DisconnectSettings(
        policy=leaving.policy,
        linger=leaving.seconds_s if leaving.policy is Policy.LINGER else usual.linger,
        drain_limit=leaving.seconds_s if leaving.policy is Policy.DRAIN else usual.drain_limit,
    )
    replay = ReplaySettings(join=Join.ALWAYS, window=0.0, window_tool_result=0.0) if again is Again.JOINS else None
    return Conditions(disconnect=disconnect, replay=replay)


@cache
def _ours() -> OurProxy:
    """One: its app is dear to build."""
    return OurProxy()
