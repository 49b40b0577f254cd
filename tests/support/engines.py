"""An engine that is a script, and blocking work that takes virtual time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import trio

from trioproxy.errors import LedgerError
from trioproxy.store.base import Row
from trioproxy.store.writer import Hop


@dataclass
class ScriptedEngine:
    """Notes what it is told and when; fails while `broken` says why."""

    broken: str | None = None
    crashed: int = 0
    unreachable: str | None = None
    said: list[str] = field(default_factory=list)
    commits: list[tuple[float, list[Row]]] = field(default_factory=list)
    tries: int = 0

    def connect(self) -> None:
        self.said.append("connect")
        if self.unreachable:
            raise LedgerError(self.unreachable)

    def recover(self) -> int:
        self.said.append("recover")
        return self.crashed

    def write(self, rows: Sequence[Row]) -> None:
        self.tries += 1
        if self.broken:
            raise LedgerError(self.broken)
        self.commits.append((trio.current_time(), list(rows)))

    def disconnect(self) -> None:
        self.said.append("disconnect")


def taking(seconds: float) -> Hop:
    """A hop of which every piece of work takes so long; cancellation is as with threads."""

    async def hop(work: Callable[[], None], *, abandon: bool = False) -> None:
        await trio.lowlevel.checkpoint_if_cancelled()
        with trio.CancelScope(shield=not abandon):
            await trio.sleep(seconds)
        work()

    return hop
