"""A stretch of time in which the ledger cannot be written: when to try again, what to say about it.

One loud line when it begins, a reminder a minute, one line when it is over; the pauses
between tries double from 0.1 s to 5 s.
"""

from __future__ import annotations

import logging

log = logging.getLogger("trioproxy")

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_REMINDER_S = 60.0


class Outage:
    """`now` is the monotonic clock in seconds, `waiting` the number of rows that wait in memory."""

    def __init__(self) -> None:
        self.error: str | None = None
        self._began_at = 0.0
        self._said_at = 0.0
        self._pause_s = _FIRST_PAUSE_S

    def failed(self, error: str, *, now: float, waiting: int, dropped: int) -> float:
        """A try has failed: the pause in seconds before the next one."""
        if self.error is None:
            self._began_at = self._said_at = now
            self._pause_s = _FIRST_PAUSE_S
            log.error("[ledger] %s; serving goes on, rows wait in memory (%d now)", error, waiting)
        else:
            self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
            if now - self._said_at >= _REMINDER_S:
                self._said_at = now
                log.error(
                    "[ledger] still not written after %.0f s: %s; %d rows wait in memory, %d were dropped",
                    now - self._began_at,
                    error,
                    waiting,
                    dropped,
                )
        self.error = error
        return self._pause_s

    def over(self, *, now: float, waiting: int, dropped: int) -> None:
        """A commit has worked; says so if that is news."""
        if self.error is not None:
            self.error = None
            log.warning(
                "[ledger] is written again after %.1f s; %d rows had waited, %d were dropped",
                now - self._began_at,
                waiting,
                dropped,
            )
