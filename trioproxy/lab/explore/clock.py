"""The clock of a run: time passes only while every task waits, and then at once."""

from __future__ import annotations

import math

import trio


class VirtualClock(trio.abc.Clock):
    """Starts at 0, and can be set back there between two runs, so that every run has the same times.

    Trio asks how long it may sleep only when no task can go on; the answer is "not at all: it is that late
    already". There is nothing else to wait for: no sockets, no threads. (Trio's own MockClock does the same one turn
    of its loop later, and cannot be set back.)
    """

    def __init__(self) -> None:
        self._now = 0.0

    def start_clock(self) -> None:
        """See `trio.abc.Clock`."""

    def current_time(self) -> float:
        """See `trio.abc.Clock`."""
        return self._now

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """See `trio.abc.Clock`. Without any deadline nobody will ever wake up: then Trio sleeps."""
        if deadline == math.inf:
            return math.inf
        self._now = max(self._now, deadline)
        return 0.0

    def set_back(self) -> None:
        """It is 0 again; only while nobody waits for any time."""
        self._now = 0.0
