"""A process that sweeps what it is told to: cells come on standard input, findings go out, one a line.

    python -m trioproxy.lab.compare.worker

It ends when its input does, so none is left when whoever started it is gone.
"""

from __future__ import annotations

import signal
import sys
from typing import BinaryIO

import msgspec

from trioproxy.lab.compare.combine import combinations
from trioproxy.lab.compare.sweep import Contest, Contestant, sweep
from trioproxy.lab.explore.findings import Findings
from trioproxy.lab.explore.stage import Theatre
from trioproxy.lab.workers import answer


class Cell(msgspec.Struct, frozen=True):
    """One scenario with one fault, for one combination."""

    axes: dict[str, str]
    ours: bool
    commit_s: float
    scenario: str
    fault: str
    seeds: list[int]
    stride: int
    step: int | None

    @classmethod
    def of(cls, contestant: Contestant, scenario: str, fault: str, contest: Contest) -> Cell:
        """As values that can be written down."""
        axes, ours, commit_s = contestant.semantics.cell, contestant.ours, contestant.commit_s
        return cls(axes, ours, commit_s, scenario, fault, [*contest.seeds], contest.stride, contest.step)

    def sweep(self, theatre: Theatre) -> Findings:
        """Play all of it, in a run of Trio of its own."""
        [semantics] = combinations({axis: [value] for axis, value in self.axes.items()}).possible
        contestant = Contestant(semantics, self.ours, self.commit_s)
        contest = Contest((self.scenario,), (self.fault,), self.seeds, self.stride, self.step)
        return theatre.run(lambda: sweep(theatre, contestant, self.scenario, self.fault, contest))


_cell = msgspec.json.Decoder(Cell).decode
_encode = msgspec.json.Encoder().encode


def work(cells: BinaryIO, found: BinaryIO) -> int:
    """Sweep each cell that comes, until none does."""
    theatre = Theatre()
    return answer(cells, found, lambda line: _encode(_cell(line).sweep(theatre)))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us ends us
    sys.exit(work(sys.stdin.buffer, sys.stdout.buffer))
