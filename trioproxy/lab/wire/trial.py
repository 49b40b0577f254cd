"""One run of one cell: somebody asks through the target, something happens, and what each side saw is noted.

    connect ─▶ ask ─▶ until the phase ─▶ leave ─▶ until the upstream is told, or patience is over
                                       └▶ (upstream's fault) ─▶ until the answer ends, or patience is over

All times are `time.monotonic()` of this one process: client and upstream live in it. Nothing waits without a limit.
"""

# Every wait for somebody else's program has a limit.
# ruff: noqa: TID251

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

import trio

from trioproxy.lab.guest import Visit
from trioproxy.lab.guest.line import Way
from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.received import Received
from trioproxy.lab.script import Going
from trioproxy.lab.wire.cells import Cause, Cell, Phase
from trioproxy.lab.wire.guest import Fact, Guest
from trioproxy.lab.wire.stage import Stage
from trioproxy.lab.wire.stories import EVERY_S, Scene, ask
from trioproxy.lab.wire.target import Asking
from trioproxy.lab.wire.verdict import of_fault
from trioproxy.trace.records import Event, Lane, Value, What

# How long a fact may take before it counts as one that never comes.
PATIENCE_S = 2.0
# A phase in which nothing happens is held for so long before anybody leaves.
HOLD_S = 0.02
# Of an answer nothing more was taken for so long: somebody does not read.
STALL_S = 0.1
BEGINNING_BYTES = 300


@dataclass(slots=True)
class Outcome:
    """What one run came to. `measures` has a key for all that could be measured."""

    measures: dict[str, Value] = field(default_factory=dict)
    # The timeline; `run` is not filled in yet.
    events: list[Event] = field(default_factory=list)
    # Its patience was used up: to repeat it takes as long again.
    waited: bool = False
    # The target accepted no connection.
    refused: bool = False
    # `time.monotonic()`
    began_at: float = 0.0
    # Of the body that the client got.
    beginning: str = ""


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

    async def run(self, way: Way) -> Outcome:
        """Do it, with a client that comes by `way`. One that is let in by nobody has seen a reset."""
        self.number, self.outcome.began_at = self.stage.next_number(), time.monotonic()
        try:
            async with Guest.visiting(way, self.cell.protocol, self._reads_until()) as guest:
                try:
                    await (self._cause(guest) if self.cell.fault is None else self._fault(guest))
                finally:
                    self._tell(guest.visit)
        except OSError as error:
            self.outcome.beginning = str(error)
            self.outcome.refused = True
            self.outcome.measures |= {Measure.SAW: Saw.RESET, Measure.LIE: False, "refused": str(error)}
            if self.cell.cause is not None:
                self.outcome.measures[Measure.REACHED] = False
        return self.outcome

    @property
    def received(self) -> Received | None:
        """Our request at the upstream, if it is there."""
        return self.stage.found(self.number)

    def _reads_until(self) -> Fact | None:
        """When the client stops reading, if it does."""
        if self.cell.phase is Phase.BLOCKED or (
            self.cell.cause is Cause.STOPS_READING and self.cell.phase is Phase.HEAD
        ):
            return lambda visit: visit.status is not None
        if self.cell.cause is Cause.STOPS_READING:
            return lambda visit: visit.size_bytes > 0
        return None

    async def _cause(self, guest: Guest) -> None:
        """A client gets as far as the phase, and leaves."""
        assert self.cell.cause is not None
        measures = self.outcome.measures
        with trio.move_on_after(self.patience_s):
            await self._reach(guest)
        measures[Measure.REACHED] = reached = self._reached(guest.visit)
        if not reached:
            self.outcome.waited = True
            measures["status"] = guest.visit.status
            return
        if self.cell.cause is Cause.STOPS_READING:
            await self._stops_reading()
            return
        taken_bytes = received.sent_bytes if (received := self.received) else 0
        left_at = await guest.leave(Going(self.cell.cause))
        if self.cell.cause is Cause.HALF_CLOSE:
            # It can still read, and sees what it is given.
            guest.read_on()
            with trio.move_on_after(self.patience_s):
                await guest.ended()
            measures |= of_fault(self.scene.script, guest.visit, verbatim=self.asking.verbatim)
        await self._told(left_at, taken_bytes)

    async def _reach(self, guest: Guest) -> None:
        """Go as far as the phase."""
        phase = self.cell.phase
        if phase is not Phase.CONNECTED:
            await guest.send(ask(self.asking, self.number, self.scene.body_bytes), half=phase is Phase.SENDING)
            if phase is not Phase.SENDING:
                await self.stage.until(self._taken, self.patience_s)
            if phase not in {Phase.SENDING, Phase.WAITING}:
                await guest.until(lambda visit: self._reached(visit) or visit.ending is not None)
            if phase is Phase.BLOCKED:
                await self.stage.quiet(lambda: self.received, STALL_S, self.patience_s)
        # Not in step with what the upstream sends.
        await trio.sleep(HOLD_S + EVERY_S * random.Random(self.number).random())  # noqa: S311  # no secret

    def _reached(self, visit: Visit) -> bool:
        """The request is as far as it should be, and no further."""
        match self.cell.phase:
            case Phase.CONNECTED | Phase.SENDING:
                return visit.ending is None
            case Phase.WAITING:
                return self._taken() and visit.status is None and visit.ending is None
            case Phase.ENDED:
                return visit.status == 200 and visit.ending is not None
            case Phase.HEAD | Phase.BLOCKED:
                return visit.status == 200 and visit.ending is None
            case _:
                return visit.size_bytes > 0 and visit.ending is None

    def _taken(self) -> bool:
        """The upstream has read all of the request."""
        received = self.received
        return received is not None and received.body_at is not None

    async def _told(self, left_at: float, taken_bytes: int) -> None:
        """Wait until the upstream is told; measure how late, and what was taken from it meanwhile."""
        measures = self.outcome.measures
        if self.received is None:
            # Nothing was asked of it yet. It must not be asked for a client that is gone.
            measures[Measure.ASKED_AFTER] = await self.stage.until(lambda: self.received is not None, 10 * HOLD_S)
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
        if received.left:
            measures["told_by"] = str(received.left_by)

    async def _stops_reading(self) -> None:
        """The client stays and takes nothing more: how much is pulled for it?"""
        measures = self.outcome.measures
        measures[Measure.STALLED] = await self.stage.quiet(lambda: self.received, STALL_S, self.patience_s)
        received = self.received
        measures[Measure.AFTER_BYTES] = received.sent_bytes if received else 0
        if received is not None and received.left:
            measures["ended_by_proxy"] = True

    async def _fault(self, guest: Guest) -> None:
        """The client stays, whatever the upstream does."""
        with trio.move_on_after(self.patience_s):
            await guest.send(ask(self.asking, self.number, self.scene.body_bytes))
            await guest.ended()
        visit = guest.visit
        self.outcome.beginning = bytes(visit.body[:BEGINNING_BYTES]).decode(errors="replace")
        self.outcome.waited = visit.ending is None
        self.outcome.measures.update(of_fault(self.scene.script, visit, verbatim=self.asking.verbatim))
        if visit.ending is not None and visit.status == 200:
            # For the timeline: the client may see the end before the upstream has written it down.
            await self.stage.until(self._over, 10 * HOLD_S)

    def _over(self) -> bool:
        """The upstream is done with the request."""
        received = self.received
        return received is not None and (received.over_at is not None or received.answered_at is not None)

    def _tell(self, visit: Visit) -> None:
        """The timeline, from what both sides have noted."""
        events = list(visit.marks)

        def note(at: float, what: What, size_bytes: int = 0, word: str = "") -> None:
            events.append(Event(run="", at_s=at, lane=Lane.UPSTREAM, what=what, size_bytes=size_bytes, note=word))

        for received in self.stage.all_found(self.number):
            note(received.head_at, What.ASKED)
            if received.answered_at is not None:
                note(received.answered_at, What.END, received.sent_bytes)
            if received.left and received.left_at is not None:
                note(received.left_at, What.TOLD, 0, str(received.left_by))
        self.outcome.events = sorted(events, key=lambda event: event.at_s)
