"""The same cases for everybody, at every step."""

from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.compare.semantics import Again, Cause, Leaving, Pump, Semantics
from trioproxy.lab.compare.sweep import Contest, Contestant, conditions, played, sweep, timeline
from trioproxy.lab.explore.findings import Findings
from trioproxy.lab.explore.invariants import Invariant
from trioproxy.lab.explore.stage import Happened, Theatre
from trioproxy.model import Join, Policy
from trioproxy.trace.records import What


def swept(contestant: Contestant, contest: Contest) -> Findings:
    theatre = Theatre()
    return theatre.run(lambda: sweep(theatre, contestant, contest.scenarios[0], contest.faults[0], contest))


def test_every_step_of_every_seed_is_struck_until_one_is_past_the_end() -> None:
    theatre = Theatre()
    contest = Contest(("reset",), ("leave",), range(2))

    async def main() -> list[Happened]:
        return [each async for each in played(theatre, Contestant(Semantics()), "reset", "leave", contest)]

    runs = theatre.run(main)
    for seed in range(2):
        mine = [happened for happened in runs if happened.case.seed == seed]
        assert [happened.case.strikes[0].step for happened in mine] == [*range(len(mine))]
        assert [bool(happened.struck) for happened in mine] == [True] * (len(mine) - 1) + [False]


def test_with_a_stride_all_seeds_together_visit_each_step() -> None:
    whole = Contest(stride=3)

    steps = [iter(whole.steps(seed)) for seed in range(3)]
    assert sorted(next(each) for each in steps for _ in range(4)) == [*range(12)]
    assert [*Contest(step=7).steps(1)] == [7]


def test_two_faults_strike_at_the_same_step() -> None:
    found = swept(Contestant(Semantics()), Contest(("reset",), ("leave+close",), range(1)))

    assert found.runs > 10
    assert not found.broken


@pytest.mark.parametrize("ours", [True, False])
def test_what_is_meant_to_be_right_breaks_nothing(ours: bool) -> None:
    found = swept(Contestant(Semantics(), ours=ours), Contest(("paced",), ("leave",), range(3), stride=3))

    assert found.runs > 20
    assert found.broken == {}


def test_what_is_wrong_is_found_and_can_be_drawn_again() -> None:
    contestant = Contestant(Semantics(Pump.GENERATOR))
    found = swept(contestant, Contest(("paced",), ("leave",), range(1)))
    theatre = Theatre()

    assert found.broken[Invariant.CLOSED] >= 1
    failure = next(each for each in found.failures if Invariant.CLOSED in dict(each.breaches))
    events = theatre.run(lambda: timeline(theatre, contestant, failure, "a run"))
    assert {event.run for event in events} == {"a run"}
    assert What.FAULT in [event.what for event in events]
    assert What.CLOSED not in [event.what for event in events]  # that is what is wrong


def test_the_policy_of_a_combination_is_what_endings_are_judged_by() -> None:
    assert conditions(Leaving.of("linger:3"), Again.PAYS).disconnect.linger == 3.0
    assert conditions(Leaving.of("drain:60"), Again.PAYS).disconnect.policy is Policy.DRAIN
    assert conditions(Leaving.of("abort"), Again.PAYS).replay is None
    joins = conditions(Leaving.of("abort"), Again.JOINS).replay
    assert joins is not None
    assert (joins.join, joins.window) == (Join.ALWAYS, 0.0)


def test_names_tell_the_proxy_from_the_compact_relay() -> None:
    semantics = Semantics(leaving=Leaving.of("drain"))

    assert Contestant(semantics, ours=True).name == "trioproxy drain"
    assert Contestant(semantics).name == "house drain"
    assert Contestant(Semantics(Pump.REQUEST, cause=Cause.FLAG)).name == "request flag"


def test_all_that_is_wrong_with_a_contest_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Contest(("paced", "novel"), ("leave", "leave+rain"))

    first, second = caught.value.problems
    assert first.startswith("option --scenario: got 'novel'; expected one of: stream, paced, ")
    assert second.startswith("option --fault: got 'leave+rain'")
