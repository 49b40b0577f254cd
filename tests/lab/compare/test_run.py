"""A whole comparison is the same for the same arguments."""

from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.compare.combine import combinations
from trioproxy.lab.compare.results import records, table
from trioproxy.lab.compare.run import compare, contestants, refuse_past_the_end
from trioproxy.lab.compare.semantics import Pump, Semantics
from trioproxy.lab.compare.sweep import Contest, Contestant

CONTEST = Contest(("reset",), ("leave", "break"), range(1))


def test_the_proxy_as_it_serves_comes_first_once_for_each_policy() -> None:
    found = contestants(combinations({"pump": ["house", "generator"], "policy": ["abort", "drain"]}))

    assert [each.name for each in found] == [
        "trioproxy", "trioproxy drain", "house", "house drain", "generator", "generator drain",
    ]  # fmt: skip
    assert [each.name for each in contestants(combinations({"pump": ["generator"], "cause": ["flag"]}))] == [
        "trioproxy"
    ]


def test_the_same_arguments_find_the_same() -> None:
    everybody = [Contestant(Semantics()), Contestant(Semantics(Pump.NESTED))]

    once, again = compare(everybody, CONTEST), compare(everybody, CONTEST)

    assert table(once) == table(again)
    assert [*records(once)] == [*records(again)]


def test_progress_is_told_after_each_cell() -> None:
    told: list[tuple[int, int]] = []
    compare([Contestant(Semantics())], CONTEST, lambda done, of: told.append((done, of)))

    assert told == [(1, 2), (2, 2)]


def test_examples_are_drawn_unless_nobody_wants_them() -> None:
    everybody = [Contestant(Semantics(Pump.GENERATOR))]

    [drawn], [bare] = compare(everybody, CONTEST), compare(everybody, CONTEST, draw=False)
    assert drawn.examples.keys() == drawn.broken.keys()
    assert bare.examples == {}


def test_a_step_that_no_run_reaches_is_refused() -> None:
    at = [Contest(("reset",), ("leave",), range(1), step=step) for step in (3, 9999)]
    reached, past = (compare([Contestant(Semantics())], contest) for contest in at)

    refuse_past_the_end(reached, at[0])
    with pytest.raises(ConfigurationError, match="option --step: got 9999"):
        refuse_past_the_end(past, at[1])
