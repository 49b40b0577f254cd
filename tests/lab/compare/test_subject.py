"""Combinations under the engine that explores the proxy: whatever ran before, the same case runs the same way."""

from __future__ import annotations

import pytest
from support.comparing import Seen, play_variant, see
from support.exploring import case

from trioproxy.lab.compare.semantics import Pump, Semantics
from trioproxy.lab.compare.subject import Variant


@pytest.mark.parametrize("pump", Pump)
def test_the_same_case_runs_the_same_way(pump: Pump) -> None:
    cases = [case("paced", ("leave", 20), seed=seed) for seed in (1, 2, 3, 4, 5, 1)]
    first, *others, again = see(Variant(Semantics(pump)), cases)

    def schedule(seen: Seen) -> tuple[int, int]:
        return seen.happened.schedule, seen.happened.steps

    assert schedule(first) == schedule(again)
    assert {schedule(other) for other in others} - {schedule(first)}


def test_what_one_run_leaves_open_is_closed_before_the_next() -> None:
    steps = play_variant(Semantics(Pump.GENERATOR), "paced").happened.steps
    found = see(Variant(Semantics(Pump.GENERATOR)), [case("paced", ("leave", k), seed=0) for k in range(steps)])

    leaking = [seen for seen in found if seen.left_open]
    assert leaking
    assert not [seen for seen in leaking if any(call.open for call in seen.happened.calls)]


def test_a_variant_has_a_name_of_its_own() -> None:
    assert Variant(Semantics()).name == "compact"
