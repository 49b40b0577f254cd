"""Runs of the compact relay, for its tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support.exploring import case
from trioproxy.lab.compare.semantics import Semantics
from trioproxy.lab.compare.subject import COMMIT_S, Variant
from trioproxy.lab.explore.case import Case
from trioproxy.lab.explore.stage import Happened, Theatre
from trioproxy.lab.explore.subject import Subject
from trioproxy.model import CallOutcome, ExchangeOutcome

# Some steps are taken under each seed: all of them under some.
STRIDE = 3


@dataclass(frozen=True)
class Seen:
    """One run, as it was when it ended: what is left open is tidied up before the next one."""

    happened: Happened
    left_open: bool

    @property
    def calls(self) -> list[CallOutcome]:
        """What was booked of calls."""
        return [booked.receipt.outcome for booked in self.happened.books.calls]

    @property
    def deliveries(self) -> list[ExchangeOutcome]:
        """What was booked of deliveries."""
        return [booked.receipt.outcome for booked in self.happened.books.exchanges]


def see(subject: Subject, cases: Sequence[Case]) -> list[Seen]:
    """Play them, one after the other."""
    theatre = Theatre()

    async def main() -> list[Seen]:
        seen = []
        for each in cases:
            happened = await theatre.play(subject, each)
            seen.append(Seen(happened, any(call.open for call in happened.calls)))
        return seen

    return theatre.run(main)


def play_variant(
    semantics: Semantics, scenario: str, *strikes: tuple[str, int], seed: int = 0, commit_s: float = COMMIT_S
) -> Seen:
    """Play one case to one combination."""
    [seen] = see(Variant(semantics, commit_s), [case(scenario, *strikes, seed=seed)])
    return seen


def every_step(semantics: Semantics, scenario: str, fault: str, stride: int = STRIDE) -> list[Seen]:
    """Play one case with a fault at one step after the other, under `stride` seeds."""
    steps = play_variant(semantics, scenario).happened.steps + 10
    cases = [
        case(scenario, (fault, k), seed=seed) for seed in range(stride) for k in range(seed % stride, steps, stride)
    ]
    return see(Variant(semantics), cases)
