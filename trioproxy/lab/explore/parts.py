"""What is to be explored, cut into parts: one scenario, one scheduler seed, and one fault or a sample of pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import msgspec

from trioproxy.errors import ConfigurationError
from trioproxy.lab.asked import unknown
from trioproxy.lab.explore.case import Fault, Scenario
from trioproxy.lab.explore.faults import FAULTS, fitting

# Where a process finds the subject that it explores: a function of no arguments.
OUR_PROXY = "trioproxy.lab.explore.ours:OurProxy"


# In the place of a fault: the stories as they are.
NOTHING = "nothing"


class Part(msgspec.Struct, frozen=True):
    """A piece of work for one process, done in well under a second or two.

    Args:
        faults: one, at each step; two, at a sample of `pairs` pairs of steps; none of them named, but `pairs` given:
            a sample of pairs of faults, too.
        steps: these alone, one for each fault.
        subject: where the subject is found, as `module:name`.
    """

    scenario: str
    seed: int
    faults: tuple[str, ...] = ()
    pairs: int = 0
    steps: tuple[int, ...] | None = None
    subject: str = OUR_PROXY

    @property
    def at_every_step(self) -> bool:
        """Its fault is struck at step after step."""
        return self.steps is None and not self.pairs


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants explored.

    Args:
        faults: their names, a pair as `leave+close`; empty: all that fit.
        pairs: how many pairs of faults are sampled for each scenario and seed.
        steps: these alone, one for each fault.
    """

    scenarios: Sequence[str]
    faults: Sequence[str] = ()
    seeds: Sequence[int] = range(6)
    pairs: int = 0
    steps: tuple[int, ...] | None = None
    subject: str = OUR_PROXY


def parts(wish: Wish, scenarios: Mapping[str, Scenario]) -> Iterator[Part]:
    """All parts: seed after seed, so that whatever is cut short has seen everything a little.

    Raises:
        ConfigurationError: a scenario or fault that is not known, or a step too few, all of them named.
    """
    if problems := list(_problems(wish, scenarios)):
        raise ConfigurationError(problems)
    for seed, name in product(wish.seeds, wish.scenarios):
        clients = len(scenarios[name].story.clients)
        known = {fault.name for fault in fitting(clients)}
        for fault in wish.faults or sorted(known, key=list(FAULTS).index):
            struck = tuple(fault.split("+"))
            if fault == NOTHING:
                yield Part(name, seed, steps=(), subject=wish.subject)
            elif known.issuperset(struck):
                sampled = wish.pairs or 100 if len(struck) > 1 and wish.steps is None else 0
                yield Part(name, seed, struck, sampled, wish.steps, wish.subject)
        if wish.pairs and not wish.faults:
            yield Part(name, seed, (), wish.pairs, None, wish.subject)


def _problems(wish: Wish, scenarios: Mapping[str, Scenario]) -> Iterator[str]:
    for name in wish.scenarios:
        if name not in scenarios:
            yield unknown("option --scenario", name, scenarios)
    for name in wish.faults:
        struck = name.split("+") if name != NOTHING else []
        if len(struck) > 2 or not FAULTS.keys() >= set(struck):
            yield unknown("option --fault", name, [*FAULTS, NOTHING], ", or two of them joined by +")
        elif wish.steps is not None and len(wish.steps) != len(struck):
            yield f"option --step: got {_count(len(wish.steps))}; expected {_count(len(struck))} for {name}"
    if wish.steps is not None and not wish.faults:
        yield "option --step: expected a --fault that happens there"


def _count(steps: int) -> str:
    return f"{steps} step" if steps == 1 else f"{steps or 'no'} steps"


def faults_of(part: Part) -> list[Fault]:
    """Its faults."""
    return [FAULTS[name] for name in part.faults]
