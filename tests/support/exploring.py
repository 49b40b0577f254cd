"""Runs of the exploring engine, for its tests."""

from __future__ import annotations

from functools import cache

from trioproxy.lab.explore.case import Case, Strike
from trioproxy.lab.explore.faults import FAULTS
from trioproxy.lab.explore.ours import OurProxy
from trioproxy.lab.explore.scenarios import SCENARIOS
from trioproxy.lab.explore.stage import Happened, Theatre
from trioproxy.lab.explore.subject import Subject
from trioproxy.lab.explore.timeline import Timeline


@cache
def our_proxy() -> OurProxy:
    """One for all tests: its app is dear to build."""
    return OurProxy()


def case(scenario: str, *strikes: tuple[str, int], seed: int = 0) -> Case:
    """A case by the names of its parts."""
    struck = [Strike(FAULTS[name], step, number) for number, (name, step) in enumerate(strikes)]
    return Case(SCENARIOS[scenario], seed, tuple(struck))


def play(*cases: Case, subject: Subject | None = None, timeline: Timeline | None = None) -> list[Happened]:
    """Play them, one after the other, in one run of Trio."""
    theatre = Theatre()

    async def main() -> list[Happened]:
        return [await theatre.play(subject or our_proxy(), each, timeline) for each in cases]

    return theatre.run(main)


def play_one(scenario: str, *strikes: tuple[str, int], seed: int = 0, timeline: Timeline | None = None) -> Happened:
    """Play one case by the names of its parts."""
    [happened] = play(case(scenario, *strikes, seed=seed), timeline=timeline)
    return happened
