from __future__ import annotations

from types import CoroutineType, SimpleNamespace
from typing import Any, cast

import trio
import trio.lowlevel
import trio.testing

from trioproxy.lab.explore.clock import VirtualClock
from trioproxy.lab.explore.steps import Steps, place, seeded


def run(seed: int, *at: int) -> tuple[Steps, list[str]]:
    steps, seen = Steps(), []

    async def walk(name: str) -> None:
        for number in range(3):
            seen.append(f"{name}{number}")
            await trio.lowlevel.checkpoint()

    async def main() -> None:
        await trio.testing.wait_all_tasks_blocked()
        with seeded(seed):
            steps.begin([(step, lambda step=step: seen.append(f"strike {step}")) for step in at])
            async with trio.open_nursery() as nursery:
                nursery.start_soon(walk, "a")
                nursery.start_soon(walk, "b")
            steps.end()

    trio.run(main, clock=VirtualClock(), instruments=[steps])
    return steps, seen


def test_the_same_seed_is_the_same_schedule() -> None:
    schedules = {seed: run(seed)[0].schedule for seed in range(12)}

    assert {seed: run(seed)[0].schedule for seed in range(12)} == schedules
    assert len(set(schedules.values())) > 3


def test_strikes_come_before_their_steps() -> None:
    steps, seen = run(0, 0, 4, 4, 9_999)

    assert seen[0] == "strike 0"
    assert seen.count("strike 4") == 2
    assert "strike 9999" not in seen
    assert len(steps.struck) == 3


def test_a_place_is_named_by_the_innermost_line_of_ours() -> None:
    from support.exploring import play_one

    places = {play_one("paced", ("leave", step)).struck[0] for step in range(14, 26)}

    assert any(place.startswith("lab/source.py:") for place in places)
    assert any(place.startswith("seat.py:") and place.endswith(" receive") for place in places)


def test_others_files_are_not_ours_for_lying_in_a_folder_of_our_name() -> None:
    theirs: dict[str, Any] = {}
    exec(compile("async def wait(): pass", "/home/me/trioproxy/.venv/lib/trio/_sync.py", "exec"), theirs)
    coroutine: CoroutineType[Any, Any, None] = theirs["wait"]()
    try:
        assert place(cast(trio.lowlevel.Task, SimpleNamespace(coro=coroutine))) == "(start)"
    finally:
        coroutine.close()
