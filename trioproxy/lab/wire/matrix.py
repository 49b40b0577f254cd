"""The cells of one target over one protocol, one after another; of each its repetitions.

    a first run, not counted ─▶ has it used up its patience? ─▶ no:  all repetitions
                                                             └▶ yes: a few, which wait together

The first run alone decides how many there will be, and is none of them. To stop at the first one that waits would make
the share of those that waited too large. Where no run would be spared there is no such first run.

Repetitions follow one another where a time is measured to the millisecond: several at once would wait for each other,
in the harness and in the proxy, which are one thread each. Measured with 32 runs (HAProxy and trioproxy, median of the
abort latency): two at once were as late as one, four at once 1.2 to 5 times as late, eight more. So those that take
long and are measured in milliseconds (a client that does not read leaves) run two at once, and half as often; those of
which the ending alone matters run four at once.
"""

# Repetitions that wait do so together.
# ruff: noqa: TID251

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

import msgspec
import trio

from trioproxy.lab.guest.line import Way
from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.wire.cells import Cause, Cell, Fault
from trioproxy.lab.wire.plan import Plan
from trioproxy.lab.wire.stage import Stage
from trioproxy.lab.wire.stories import scene
from trioproxy.lab.wire.target import Asking, Protocol
from trioproxy.lab.wire.trial import Outcome, Trial
from trioproxy.trace.records import Event, Record, Run, What

# The longest that a run may take, in patiences: connecting, reaching the phase, being told, reading on.
RUN_PATIENCES = 4
# Of a timeline so many moments are kept, unless more of them are no mere bytes.
MOST_EVENTS = 200

Tell = Callable[[Record], None]
# How a client of a protocol gets in.
Door = Callable[[Protocol], Way]


def _at_once(cell: Cell) -> int:
    """How many of its runs may be on at a time."""
    if cell.fault is not None or cell.cause is Cause.STOPS_READING:
        return 4
    return 2 if cell.floods or cell.cause is Cause.HALF_CLOSE else 1


def _worth_drawing(outcomes: Sequence[Outcome]) -> set[int]:
    """The runs of a cell whose timelines are written: the first, the first that lies, and the first that waits."""
    lying = (number for number, outcome in enumerate(outcomes) if outcome.measures.get(Measure.LIE))
    waiting = (number for number, outcome in enumerate(outcomes) if _went_wrong(outcome))
    return {0, next(lying, 0), next(waiting, 0)}


def _shortened(events: Sequence[Event]) -> list[Event]:
    """Of many events those of bytes are left out in the middle: all others, and so the end, are kept."""
    pieces = [at for at, event in enumerate(events) if event.what is What.BYTES]
    keep = max(0, MOST_EVENTS - (len(events) - len(pieces)))
    first, last = (keep + 1) // 2, keep // 2
    left_out = set(pieces[first : len(pieces) - last])
    return [event for at, event in enumerate(events) if at not in left_out]


def _went_wrong(outcome: Outcome) -> bool:
    return outcome.waited or outcome.refused


class Matrix:
    """Runs cells at one target that stands before `stage`, and tells what they came to."""

    def __init__(self, subject: str, stage: Stage, asking: Asking, door: Door, plan: Plan, tell: Tell) -> None:
        self._subject = subject
        self._stage = stage
        self._asking = asking
        self._door = door
        self._plan = plan
        self._tell = tell

    async def ailment(self, protocol: Protocol) -> str | None:
        """What comes instead of a plain answer; None if that passes. The first answer of a proxy may take its time."""
        outcome = await self._once(Cell(protocol, fault=Fault.NONE), self._plan.first_patience_s)
        if outcome.refused:
            return f"no connection: {outcome.beginning}"
        saw, status = outcome.measures.get(Measure.SAW), outcome.measures.get("status")
        if saw == Saw.CLEAN_END and status == 200:
            return None
        return f"{saw}, status {status}: {outcome.beginning}"

    async def run(self, cell: Cell) -> bool:
        """All repetitions of `cell`; False if some of them had to be given up on, or were not let in."""
        wanted = max(1, self._plan.repetitions // 2) if cell.floods else self._plan.repetitions
        few = self._plan.patient_repetitions
        outcomes: list[Outcome] = []
        waits = False
        if wanted > few:
            waits = _went_wrong(await self._once(cell))
        if waits:
            await self._some(cell, few, outcomes)
        else:
            while len(outcomes) < wanted:
                # Those that wait do so together, once there are no more of them than few.
                at_once = few if wanted <= few and any(map(_went_wrong, outcomes)) else _at_once(cell)
                await self._some(cell, min(at_once, wanted - len(outcomes)), outcomes)
        self._stage.clear()
        drawn = _worth_drawing(outcomes)
        for repetition, outcome in enumerate(outcomes):
            self._write(cell, repetition, outcome, drawn=repetition in drawn)
        return not (waits or any(map(_went_wrong, outcomes)))

    async def _some(self, cell: Cell, count: int, outcomes: list[Outcome]) -> None:
        """So many runs at once."""
        async with trio.open_nursery() as nursery:
            for _ in range(count):
                nursery.start_soon(self._one_more, cell, outcomes)

    async def _one_more(self, cell: Cell, outcomes: list[Outcome]) -> None:
        outcomes.append(await self._once(cell))

    async def _once(self, cell: Cell, patience_s: float | None = None) -> Outcome:
        patience_s = patience_s or self._plan.patience_s
        played = scene(cell)
        self._stage.script = played.script
        trial = Trial(self._stage, played, cell, self._asking, patience_s)
        with trio.move_on_after(RUN_PATIENCES * patience_s):
            return await trial.run(self._door(cell.protocol))
        trial.outcome.waited = True
        trial.outcome.measures.setdefault(Measure.REACHED, False)
        return trial.outcome

    def _write(self, cell: Cell, repetition: int, outcome: Outcome, *, drawn: bool) -> None:
        names = cell.names
        run = "/".join([self._subject, cell.protocol, *(value for key, value in names.items() if key != "protocol")])
        run += f"/{repetition}"
        called = self._plan.called.get(self._subject, self._subject)
        only = ["--target", called, "--protocol", cell.protocol, "--cells", cell.word, "--no-figures"]
        events = _shortened(outcome.events) if drawn else []
        dropped = len(outcome.events) - len(events) if drawn else 0
        self._tell(
            Run(
                id=run,
                subject=self._subject,
                cell=names,
                repetition=repetition,
                measures=outcome.measures | ({"dropped_events": dropped} if dropped else {}),
                repeat=shlex.join(["trioproxy", "lab", "wire", *only]),
            )
        )
        for event in events:
            self._tell(msgspec.structs.replace(event, run=run, at_s=event.at_s - outcome.began_at))
