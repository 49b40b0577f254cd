from __future__ import annotations

import pytest
from support.exploring import our_proxy

from trioproxy.lab.explore.engine import Engine
from trioproxy.lab.explore.faults import FAULTS, fitting
from trioproxy.lab.explore.findings import Findings
from trioproxy.lab.explore.parts import Part
from trioproxy.lab.explore.scenarios import SCENARIOS

SEEDS = range(3)


def explore(part: Part, engine: Engine | None = None) -> list[Findings]:
    engine = engine or Engine(our_proxy(), SCENARIOS)

    async def main() -> list[Findings]:
        return await engine.explore(part)

    return engine.theatre.run(main)


def test_a_fault_is_struck_at_every_step_until_one_is_past_the_end() -> None:
    [found] = explore(Part("json", 1, ("leave",)))

    assert (found.scenario, found.fault) == ("json", "leave")
    assert found.runs > 20
    assert found.broken == {}
    assert found.endings["completed / delivered"] >= 1
    assert found.endings["abandoned / client_left"] >= 1
    assert 2 < len(found.places) < found.runs
    assert 2 < len(found.schedules) <= found.runs


def test_the_same_part_finds_the_same() -> None:
    part = Part("join", 2, ("close",))

    assert explore(part) == explore(part)


def test_pairs_are_sampled_the_same_way_each_time() -> None:
    first, again = explore(Part("join", 2, (), 30)), explore(Part("join", 2, (), 30))

    assert first == again
    assert sum(found.runs for found in first) == 30
    assert len(first) > 10
    assert all("+" in found.fault for found in first)


def test_one_pair_at_many_steps() -> None:
    [found] = explore(Part("paced", 2, ("leave", "close"), 20))

    assert (found.fault, found.runs) == ("leave+close", 20)


def test_one_run_alone() -> None:
    [found] = explore(Part("paced", 2, ("leave",), 0, (22,)))
    [nothing] = explore(Part("paced", 2, (), 0, ()))

    assert (found.runs, found.endings) == (1, {"abandoned / client_left": 1})
    assert (nothing.fault, nothing.endings) == ("nothing", {"completed / delivered": 1})


def of_the_slice(name: str, seed: int) -> str:
    """The faults in turn, of those that mean something to the scenario."""
    known = fitting(len(SCENARIOS[name].story.clients))
    return known[(list(SCENARIOS).index(name) + 5 * seed) % len(known)].name


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_whatever_happens_at_whatever_step_every_promise_is_kept(name: str, seed: int) -> None:
    """The slice of `trioproxy lab explore` that runs with every test run."""
    found = explore(Part(name, seed, (of_the_slice(name, seed),))) + explore(Part(name, seed, (), 20))

    assert [failure for each in found for failure in each.failures] == []


def test_the_slice_has_every_fault() -> None:
    assert {of_the_slice(name, seed) for name in SCENARIOS for seed in SEEDS} == FAULTS.keys()
