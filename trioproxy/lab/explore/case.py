"""What is played: a scenario, a scheduler seed, and what happens at which step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trioproxy.lab.explore.subject import Conditions
from trioproxy.lab.script import Story
from trioproxy.trace.records import Lane

if TYPE_CHECKING:
    from trioproxy.lab.explore.stage import Stage


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """Something that happens at a step.

    Args:
        words: what it is, as a clause: "the client leaves".
        act: synchronous; between two steps.
        ours: it is the proxy's own ground that gives way: then it may answer and log a fault of its own.
        clients: how many clients a story must have for it to mean anything.
        lane: whom it happens to, in a timeline.
    """

    name: str
    words: str
    act: Callable[[Stage], None]
    ours: bool = False
    clients: int = 1
    lane: Lane = Lane.CLIENT


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault at a step; `number` is its place among the strikes of its case."""

    fault: Fault
    step: int
    number: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """A story, and what the proxy is configured to while it is told."""

    name: str
    words: str
    story: Story
    conditions: Conditions = field(default_factory=Conditions)


@dataclass(frozen=True, slots=True)
class Case:
    """One run. The same case runs the same way each time."""

    scenario: Scenario
    seed: int
    strikes: tuple[Strike, ...] = ()

    @property
    def story(self) -> Story:
        """What is told."""
        return self.scenario.story

    @property
    def conditions(self) -> Conditions:
        """What the proxy is configured to."""
        return self.scenario.conditions

    @property
    def mended(self) -> bool:
        """The server is one with our mends, which tells of a departure at once: under every other seed."""
        return self.seed % 2 == 0

    @property
    def fault(self) -> str:
        """The names of its faults."""
        return "+".join(strike.fault.name for strike in self.strikes) or "nothing"
