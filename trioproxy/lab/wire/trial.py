"""One run of one cell: somebody asks through the target, something happens, and what each side saw is noted.

    connect ─▶ ask ─▶ until the phase ─▶ leave ─▶ until the upstream is told, or patience is over
                                       └▶ (upstream's fault) ─▶ until the answer ends, or patience is over

All times are `time.monotonic()` of this one process: client and upstream live in it. Nothing waits without a limit.
"""

# Every wait for somebody else's program has a limit.
# ruff: noqa: TID251

from __future__ import annotations

import gzip
import random
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import trio

from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.received import Received
from trioproxy.lab.script import Ask, Going
from trioproxy.lab.wire.cells import Cause, Cell, Phase
from trioproxy.lab.wire.guest import Guest
from trioproxy.lab.wire.stage import Stage
from trioproxy.lab.wire.stories import EVERY_S, Scene, question
from trioproxy.lab.wire.target import Asking
from trioproxy.trace.records import Lane, Value, What

# How long a fact may take before it counts as one that never comes.
PATIENCE_S = 2.0
# A phase in which nothing happens is held for so long before anybody leaves.
HOLD_S = 0.02
# Of an answer nothing more was taken for so long: somebody does not read.
STALL_S = 0.15

Connect = Callable[[], Awaitable[Guest]]
Moment = tuple[float, Lane, What, int, str]


@dataclass(slots=True)
class Outcome:
    """What one run came to. `measures` has a key for all that could be measured."""

    measures: dict[str, Value] = field(default_factory=dict)
    # When, whose, what, how many bytes, and a word: the timeline, from `began_at` on.
    moments: list[Moment] = field(default_factory=list)
    # Its patience was used up: to repeat it takes as long again.
    waited: bool = False


@dataclass(slots=True)
class Trial:
    """One run in the making."""

    stage: Stage
    scene: Scene
    cell: Cell
    asking: Asking
    patience_s: float = PATIENCE_S
    outcome: Outcome = field(default_factory=Outcome)
    number: int = 0
    began_at: float = 0.0

    async def run(self, connect: Connect) -> Outcome:
        """Do it.

        Raises:
            OSError: the target accepts no connection.
        """
        self.number, self.began_at = self.stage.next_number(), time.monotonic()
        guest = await connect()
        try:
            if self.cell.fault is not None:
                await self._fault(guest)
            else:
                await self._cause(guest)
        except trio.BrokenResourceError:
            # The target closed on us while we were sending.
            guest.sight.ending = guest.sight.ending or Saw.RESET
            self.outcome.measures[Measure.SAW] = Saw.RESET
        finally:
            guest.close()
            self._tell(guest)
        return self.outcome

    @property
    def received(self) -> Received | None:
        """Our request at the upstream, if it is there."""
        return self.stage.found(self.number)

    def _ask(self) -> Ask:
        headers = (
            (b"content-type", b"application/json"),
            *((name.lower().encode(), value.encode()) for name, value in self.asking.headers.items()),
        )
        return Ask(self.asking.path, question(self.asking.model, self.number, self.scene.body_bytes), headers)

    async def _cause(self, guest: Guest) -> None:
        """A client gets as far as the phase, and leaves."""
        assert self.cell.cause is not None
        measures = self.outcome.measures
        with trio.move_on_after(self.patience_s) as limit:
            await self._reach(guest)
        if limit.cancelled_caught:
            self.outcome.waited = True
            measures["reached"] = False
            return
        measures["reached"] = True
        if self.cell.cause is Cause.STOPS_READING:
            await self._stops_reading(guest)
            return
        taken_bytes = received.sent_bytes if (received := self.received) else 0
        left_at = await guest.leave(Going(self.cell.cause))
        self._note(left_at, Lane.CLIENT, What.LEFT, 0, self.cell.cause)
        if self.cell.cause is Cause.HALF_CLOSE:
            # It can still read, and sees what it is given.
            with trio.move_on_after(self.patience_s):
                await guest.rest()
            measures[Measure.SAW] = guest.sight.ending or Saw.HANG
        await self._told(left_at, taken_bytes)

    async def _reach(self, guest: Guest) -> None:
        """Go as far as the phase."""
        phase = self.cell.phase
        if phase is Phase.CONNECTED:
            await trio.sleep(HOLD_S)
            return
        await guest.send(self._ask(), half=phase is Phase.SENDING)
        if phase is Phase.SENDING:
            await trio.sleep(HOLD_S)
            return
        await self.stage.until(self._taken, self.patience_s)
        if phase is not Phase.WAITING:
            await guest.head()
        if phase in {Phase.FLOWING, Phase.SILENT}:
            await guest.some()
        if phase is Phase.BLOCKED:
            await self.stage.quiet(lambda: self.received, STALL_S, self.patience_s)
        elif phase is Phase.ENDED:
            await guest.rest()
        # Not in step with what the upstream sends.
        await trio.sleep(HOLD_S + EVERY_S * random.Random(self.number).random())  # noqa: S311  # no secret

    def _taken(self) -> bool:
        received = self.received
        return received is not None and received.body_at is not None

    async def _told(self, left_at: float, taken_bytes: int) -> None:
        """Wait until the upstream is told; measure how late, and what was taken from it meanwhile."""
        measures = self.outcome.measures
        if self.received is None:
            # Nothing was asked of it yet. It must not be asked for a client that is gone.
            measures["asked_after"] = await self.stage.until(lambda: self.received is not None, 10 * HOLD_S)
        received = self.received
        if received is None or (received.answered_at is not None and received.answered_at <= left_at):
            measures[Measure.TOLD] = None
            return
        over = await self.stage.until(lambda: received.over_at is not None, self.patience_s)
        self.outcome.waited = not over
        told_at = received.left_at
        measures[Measure.TOLD] = received.left
        measures[Measure.ABORT_MS] = (told_at - left_at) * 1000 if received.left and told_at is not None else None
        measures[Measure.AFTER_BYTES] = received.sent_bytes - taken_bytes
        if received.left and told_at is not None:
            measures["told_by"] = str(received.left_by)

    async def _stops_reading(self, guest: Guest) -> None:
        """The client stays and takes nothing more: how much is pulled for it, and does it get the rest afterwards?"""
        measures = self.outcome.measures
        begun = received.sent_bytes if (received := self.received) else 0
        measures["stalled"] = await self.stage.quiet(lambda: self.received, STALL_S, self.patience_s)
        received = self.received
        measures[Measure.AFTER_BYTES] = (received.sent_bytes if received else 0) - begun
        measures[Measure.TOLD] = received.left if received else None

    async def _fault(self, guest: Guest) -> None:
        """The client stays, whatever the upstream does."""
        with trio.move_on_after(self.patience_s) as limit:
            await guest.send(self._ask())
            await guest.rest()
        self.outcome.waited = limit.cancelled_caught
        sight, received, measures = guest.sight, self.received, self.outcome.measures
        saw = sight.ending or Saw.HANG
        measures["status"] = sight.status
        if received is not None:
            # The client may see the end before the upstream's task has written it down.
            await self.stage.until(lambda: received.over_at is not None or received.answered_at is not None, HOLD_S)
        whole = self._whole(guest)
        if saw is Saw.CLEAN_END and sight.status is not None and sight.status >= 400:
            saw = Saw.ERROR
        measures[Measure.SAW] = saw
        ended = received is not None and received.answered_at is not None
        measures["whole"] = whole
        measures[Measure.LIE] = saw is Saw.CLEAN_END and not (ended and whole)
        if sight.ended_at is not None:
            measures["ended_ms"] = (sight.ended_at - self.began_at) * 1000

    def _whole(self, guest: Guest) -> bool:
        """The client has all that the upstream has to say; where events are worded anew, that much is not known."""
        if not self.asking.verbatim:
            return True
        wanted, got = self.scene.script.body, bytes(guest.sight.body)
        if wanted[:2] == b"\x1f\x8b":
            try:
                wanted = gzip.decompress(wanted)
                got = gzip.decompress(got) if guest.sight.content_encoding == "gzip" else got
            except (OSError, EOFError, zlib.error):
                return False
        return got == wanted

    def _note(self, at: float, lane: Lane, what: What, size_bytes: int = 0, note: str = "") -> None:
        self.outcome.moments.append((at - self.began_at, lane, what, size_bytes, note))

    def _tell(self, guest: Guest) -> None:
        """The timeline, from what both sides have noted."""
        sight = guest.sight
        if sight.head_at is not None:
            self._note(sight.head_at, Lane.CLIENT, What.HEAD, 0, str(sight.status))
        for at, size_bytes in sight.pieces[:100]:
            self._note(at, Lane.CLIENT, What.BYTES, size_bytes)
        ends = {Saw.CLEAN_END: What.END, Saw.TRUNCATION: What.TRUNCATED, Saw.RESET: What.RESET}
        if sight.ending is not None and sight.ended_at is not None:
            self._note(sight.ended_at, Lane.CLIENT, ends[sight.ending])
        if (received := self.received) is not None:
            self._note(received.head_at, Lane.UPSTREAM, What.ASKED)
            if received.answered_at is not None:
                self._note(received.answered_at, Lane.UPSTREAM, What.END, received.sent_bytes)
            if received.left and received.left_at is not None:
                self._note(received.left_at, Lane.UPSTREAM, What.TOLD, 0, str(received.left_by))
        self.outcome.moments.sort(key=lambda moment: moment[0])
