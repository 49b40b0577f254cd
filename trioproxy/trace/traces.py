"""All traces of a proxy in service: who is traced, and the task that writes what has been noted.

    begin ─▶ Notes ─ over ─▶ [ bounded ] ─▶ run ─▶ a thread ─▶ Folder

Nothing that happens here reaches a client: what cannot be written is counted, and said once.
"""

from __future__ import annotations

import logging
import math
import os
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import trio

from trioproxy.model import Arrival
from trioproxy.settings import TraceSettings
from trioproxy.trace.choosing import why
from trioproxy.trace.folder import Folder, Untidied
from trioproxy.trace.notes import Notes, Room
from trioproxy.trace.wall import Wall

log = logging.getLogger("trioproxy")

# All notes in memory, those that wait for the disk included.
ROOM_BYTES = 64 * 1024 * 1024
# The most requests that are noted on at a time, those that wait for the disk included.
MOST = 1000
# How long one may take to be written; and, when everything ends, the last ones together.
LAST_S = 2.0

Hop = Callable[[Callable[[], None]], Awaitable[None]]


def _thread() -> Hop:
    """One thread at a time: a disk that hangs costs no more."""
    one = trio.CapacityLimiter(1)

    async def hop(work: Callable[[], None]) -> None:
        await trio.to_thread.run_sync(work, limiter=one, abandon_on_cancel=True)

    return hop


class Traces:
    """Not thread-safe: everything is called in the event loop.

    Args:
        versions: of what runs.
        chance: where chance comes from.
        room_bytes: what all notes together may hold.
        hop: runs blocking work out of the way of the event loop; a cancellation does not wait for it.
    """

    def __init__(
        self,
        settings: TraceSettings,
        versions: Mapping[str, str],
        *,
        chance: Callable[[int], bytes] = os.urandom,
        room_bytes: int = ROOM_BYTES,
        hop: Hop | None = None,
    ) -> None:
        self._settings = settings
        self._versions = versions
        self._folder = Folder(settings.folder, settings.max_files, settings.max_total_bytes)
        self._chance = chance
        self._room = Room(room_bytes)
        self._waiting: deque[Notes] = deque()
        self._noting = 0  # requests that are not over yet
        self._closed = False
        self._wall = Wall("a request")
        self._news = trio.Event()
        # Traces that were not written.
        self.dropped = 0
        # What has been said, and is not said again.
        self._full = self._failing = self._untidy = False
        self._hop = hop or _thread()
        # Set when `run` has ended: whatever is noted after that is lost.
        self.ended = trio.Event()

    def begin(self, arrival: Arrival, client: str | None) -> Notes | None:
        """Notes for a request that came from the address `client`, if it is to be traced. Raises nothing."""
        with self._wall:
            return self._begin(arrival, client)
        return None

    def _begin(self, arrival: Arrival, client: str | None) -> Notes | None:
        reason = why(arrival.headers, client, self._settings.sample, self._chance)
        if reason is None:
            return None
        if self._noting + len(self._waiting) >= MOST:
            self.dropped += 1
            if not self._full:
                self._full = True
                log.warning("[trace] %d requests are noted on, and no more at a time: others have no trace", MOST)
            return None
        notes = Notes(arrival, reason, self._room, self._over, keeps_bodies=self._settings.bodies)
        self._noting += 1
        return notes

    def close(self) -> None:
        """No more requests will come; `run` writes what there is, and ends."""
        self._closed = True
        self._news.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Write traces until closed. Raises nothing but Cancelled.

        Cancelled or closed, it waits for the requests that are being cancelled, too: at most `LAST_S` seconds, after
        as many at most for the trace that is being written.
        """
        task_status.started()
        try:
            while not self._closed and await self._any(lambda: not self._closed):
                await self._write_one()
                await trio.lowlevel.checkpoint()
        finally:
            deadline = trio.current_time() + LAST_S
            # Notes still come while everything else is being cancelled: shielded, with a deadline.
            with trio.CancelScope(shield=True, deadline=deadline):  # noqa: TID251
                while await self._any(lambda: self._noting > 0):
                    await self._write_one(deadline)
            self.ended.set()
            if lost := self.dropped + len(self._waiting) + self._noting:
                log.warning("[trace] %d traces were not written", lost)

    def _over(self, notes: Notes) -> None:
        self._noting -= 1
        if notes.wall.broken:
            self.dropped += 1  # said by the wall
            notes.let_go()
        elif notes.void:
            notes.let_go()
        else:
            self._waiting.append(notes)
        self._news.set()

    async def _any(self, expected: Callable[[], bool]) -> bool:
        """Wait until something is to be written; False once there is nothing, and nothing more is expected."""
        while not self._waiting and expected():
            self._news = trio.Event()
            await self._news.wait()
        return bool(self._waiting)

    async def _write_one(self, until: float = math.inf) -> None:
        """The oldest that waits. Whoever cancels it waits while it is being written, `LAST_S` at most."""
        notes = self._waiting.popleft()
        deadline = min(trio.current_time() + LAST_S, until)
        try:
            with trio.CancelScope(shield=True, deadline=deadline) as patience:  # noqa: TID251
                await self._hop(partial(self._folder.keep, notes.id, notes.records(self._versions)))
        except Untidied as error:
            self._untidied(str(error))
        except Exception as error:  # noqa: BLE001 - a trace is never worth a stream
            self._lost(str(error))
        else:
            if patience.cancelled_caught:
                self._lost(f"it takes over {LAST_S:g} s")
            else:
                self._written()
        notes.let_go()

    def _lost(self, why: str) -> None:
        self.dropped += 1
        if not self._failing:
            self._failing = True
            log.warning("[trace] no trace can be written in %s: %s; those of now are lost", self._folder.path, why)

    def _written(self) -> None:
        if self._failing:
            self._failing = False
            log.warning("[trace] traces are written again; %d were lost", self.dropped)

    def _untidied(self, why: str) -> None:
        self._written()
        if not self._untidy:
            self._untidy = True
            log.warning(
                "[trace] traces are written in %s, but older ones cannot be removed: %s", self._folder.path, why
            )
