"""One story under many schedules, on the virtual clock.

    for seed, result in over_seeds(story): ...

Trio runs the tasks that are ready in a random order; seeded, the same seed gives
the same order again. Time passes only while every task waits, so nothing here takes long.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import trio
import trio.testing

T = TypeVar("T")

SEEDS = 50
# Virtual: longer than any story. A story that hangs is one that is still there then.
TOO_LONG_S = 1_000_000.0


def run_seeded(seed: int, story: Callable[[], Awaitable[T]], *instruments: trio.abc.Instrument) -> T:
    """Run `story` with the schedule of `seed`; its errors say which that was.

    Raises:
        trio.TooSlowError: it hangs.
    """
    # Private names, which Trio's own tests use (trio/_tests/test_scheduler_determinism.py); here alone.
    from trio._core import _run

    async def main() -> T:
        with trio.fail_after(TOO_LONG_S):
            return await story()

    before = _run._ALLOW_DETERMINISTIC_SCHEDULING
    _run._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]
    _run._r.seed(seed)
    try:
        return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0), instruments=instruments)
    except BaseException as error:
        error.add_note(f"with scheduler seed {seed}")
        raise
    finally:
        _run._ALLOW_DETERMINISTIC_SCHEDULING = before  # type: ignore[misc]


def over_seeds(story: Callable[[], Awaitable[T]], seeds: int = SEEDS) -> Iterator[tuple[int, T]]:
    """Each seed, and what `story` returned under it."""
    for seed in range(seeds):
        yield seed, run_seeded(seed, story)


class AtStep(trio.abc.Instrument):
    """Calls `act` before the step number `k` (from 0) that any task takes after `arm`.

    `act` is synchronous, as a client's departure or a signal is to a proxy: it comes
    between any two steps.
    """

    def __init__(self, k: int, act: Callable[[], None] | None = None) -> None:
        self.steps = 0
        self.acted = False
        self._k = k
        self._act = act

    def arm(self, act: Callable[[], None]) -> None:
        """Start to count; what is done at step `k`."""
        self._act = act

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        if self._act is None:
            return
        if self.steps == self._k:
            self.acted = True
            self._act()
        self.steps += 1
