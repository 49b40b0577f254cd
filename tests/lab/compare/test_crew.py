"""What is found does not depend on how many processes share the work."""

from __future__ import annotations

import pytest
import trio

from trioproxy.lab.compare.crew import share
from trioproxy.lab.compare.run import compare
from trioproxy.lab.compare.semantics import Pump, Semantics
from trioproxy.lab.compare.sweep import Contest, Contestant
from trioproxy.lab.compare.worker import Cell
from trioproxy.lab.workers import WorkerLost

CONTEST = Contest(("reset",), ("leave", "break", "close"), range(1))
EVERYBODY = [Contestant(Semantics(Pump.GENERATOR)), Contestant(Semantics(), ours=True)]


@pytest.mark.slow
def test_two_processes_find_what_one_finds() -> None:
    told: list[tuple[int, int]] = []

    alone = compare(EVERYBODY, CONTEST)
    shared = compare(EVERYBODY, CONTEST, lambda done, of: told.append((done, of)), jobs=2)

    assert [standing.broken for standing in shared] == [standing.broken for standing in alone]
    assert [standing.examples for standing in shared] == [standing.examples for standing in alone]
    assert [standing.runs for standing in shared] == [standing.runs for standing in alone]
    assert told == [(number, 6) for number in range(1, 7)]


@pytest.mark.slow
def test_a_worker_that_is_lost_says_its_last_words() -> None:
    cell = Cell.of(EVERYBODY[0], "no such story", "leave", CONTEST)

    with pytest.raises(ExceptionGroup) as caught:
        trio.run(share, [cell], 1, lambda done: None)
    [lost] = caught.value.exceptions
    assert isinstance(lost, WorkerLost)
    assert "no such story" in str(lost)
