from __future__ import annotations

from support.exploring import case, our_proxy

from trioproxy.lab.explore.findings import Failure, Findings, Total
from trioproxy.lab.explore.hunting import Hunt
from trioproxy.lab.explore.mutants import MUTANTS
from trioproxy.lab.explore.records import a_run, hunted, tallies
from trioproxy.lab.explore.retelling import retell
from trioproxy.trace.records import Event, Run, Tally

FAILURE = Failure("paced", ("leave",), 3, (30,), (("a", "so"), ("a", "or so"), ("b", "thus")))


def test_each_cell_is_a_tally() -> None:
    total = Total()
    total.add(Findings("paced", "leave", 7, {1, 2}, {"x"}, {"ok": 7}, {"a": 2, "b": 1}, [FAILURE]))

    assert list(tallies(total, "us")) == [
        Tally(
            subject="us",
            cell={"scenario": "paced", "fault": "leave"},
            runs=7,
            broken={"a": 2, "b": 1},
            examples={"a": "paced/leave@30/3", "b": "paced/leave@30/3"},
            counts={"distinct schedules": 2, "distinct steps": 1, "ok": 7},
        )
    ]


def test_a_failing_run_comes_with_its_events() -> None:
    again = retell(our_proxy(), case("paced", ("leave", 30), seed=3), FAILURE.id)
    run, *events = a_run(FAILURE, again, subject="us", repeat="again", script="story")

    assert isinstance(run, Run)
    assert (run.id, run.seed, run.broken) == (FAILURE.id, 3, ["a", "b"])
    assert run.measures == {"step": 30, "second step": None, "steps": again.happened.steps}
    assert events
    assert all(isinstance(event, Event) and event.run == run.id for event in events)


def test_a_bug_that_was_not_found_has_no_run() -> None:
    mutant = MUTANTS["settled-twice"]

    [tally] = hunted(Hunt(mutant, 9, caught=None))

    assert tally == Tally(subject="bug settled-twice", cell={"bug": mutant.words}, runs=9)
