"""Counts the steps that tasks take, strikes at given ones, and names what was seen.

step 0, 1, 2, …   any task's next piece of code between two of its waits
    ▲ strike: synchronous, as a departure or a signal is to a proxy: between any two steps
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import CoroutineType, FrameType
from typing import Any

import trio

Act = Callable[[], None]

# By its place, not by its name: a checkout is called so as well, and holds the virtual environment.
_OURS = __file__.removesuffix("lab/explore/steps.py")


class Steps(trio.abc.Instrument):
    """Of one run at a time: `begin`, then `end`."""

    def __init__(self) -> None:
        self.count = 0
        # Of a run that has ended: stands for the order in which the tasks took their steps.
        self.schedule = 0
        # Where each strike met its task: "relay.py:188 _pump".
        self.struck: list[str] = []
        self._strikes: list[tuple[int, Act]] = []
        self._next = -1
        self._order: list[trio.lowlevel.Task] = []
        self._counting = False

    def begin(self, strikes: Sequence[tuple[int, Act]]) -> None:
        """Count from 0, and do each act at its step."""
        self.count = 0
        self.struck = []
        self._strikes = sorted(strikes, key=lambda strike: strike[0], reverse=True)
        self._next = self._strikes[-1][0] if self._strikes else -1
        self._order = []
        self._counting = True

    def end(self) -> None:
        """Count no more."""
        self._counting = False
        numbers: dict[trio.lowlevel.Task, int] = {}
        self.schedule = hash(tuple(numbers.setdefault(task, len(numbers)) for task in self._order))
        self._order = []

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """See `trio.abc.Instrument`."""
        if not self._counting:
            return
        while self.count == self._next:
            self._strike(task)
        self._order.append(task)
        self.count += 1

    def _strike(self, task: trio.lowlevel.Task) -> None:
        _, act = self._strikes.pop()
        self._next = self._strikes[-1][0] if self._strikes else -1
        self.struck.append(place(task))
        act()


def place(task: trio.lowlevel.Task) -> str:
    """Where a task waits: the innermost line of the proxy's own, or of the lab's."""
    found = "(start)"
    coroutine: Any = task.coro
    while isinstance(coroutine, CoroutineType) or hasattr(coroutine, "ag_frame") or hasattr(coroutine, "gi_frame"):
        frame: FrameType | None
        frame, coroutine = _inside(coroutine)
        if frame is not None and frame.f_code.co_filename.startswith(_OURS):
            file = frame.f_code.co_filename.removeprefix(_OURS)
            found = f"{file}:{frame.f_lineno} {frame.f_code.co_name}"
    return found


def _inside(coroutine: Any) -> tuple[FrameType | None, Any]:
    """The frame of something that waits, and what it waits for."""
    for frame, inner in (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await")):
        if hasattr(coroutine, frame):
            return getattr(coroutine, frame), getattr(coroutine, inner)
    return None, None


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside, Trio takes the tasks that are ready in the order of `seed`: the same each time.

    Private names, which Trio's own tests and pytest-trio use, too; here alone.
    """
    from trio._core import _run

    before = _run._ALLOW_DETERMINISTIC_SCHEDULING
    _run._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]
    _run._r.seed(seed)
    try:
        yield
    finally:
        _run._ALLOW_DETERMINISTIC_SCHEDULING = before  # type: ignore[misc]
