"""How complete a drain is: of streams that would end by themselves in a second or so, how many are let do so.

A supervisor sends SIGTERM. Where a proxy has another signal for leaving with its streams, that is measured as well.
"""

# Waiting for somebody else's program has a limit.
# ruff: noqa: TID251

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

import trio

from trioproxy.lab.answers import message_stream
from trioproxy.lab.measures import Number
from trioproxy.lab.script import Going, Script
from trioproxy.lab.statistics import proportion_interval
from trioproxy.lab.wire.child import Child
from trioproxy.lab.wire.figures.crowd import Entrance, crowd, streaming, until_each, whole
from trioproxy.lab.wire.guest import Guest
from trioproxy.trace.records import Figure

STREAMS = 20
EVERY_S = 0.05
# After the signal a stream lasts about so much longer.
LASTS_S = 1.5
EXIT_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Drained:
    """What became of it. `exit_s`: from the signal until the process had ended; None: it had not, in `EXIT_LIMIT_S`."""

    number: str
    streams: int
    whole: int
    exit_s: float | None
    status: int | None


def slow() -> Script:
    """A stream that ends by itself."""
    return message_stream("word " * int(LASTS_S / EVERY_S)).script(every_s=EVERY_S)


async def measure(entrance: Entrance, child: Child, number: str) -> Drained:
    """Open streams, send the signal called `number`, see how each ends, and when the process has."""
    entrance.stage.script = slow()
    async with crowd(entrance, STREAMS) as guests:
        await until_each(guests, lambda visit: visit.size_bytes > 0)
        there = [guest for guest in guests if streaming(guest)]
        told_at = time.monotonic()
        child.signal(signal.Signals[number])
        ended_at: list[float] = []
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_note_end, child, ended_at)
            for guest in there:
                nursery.start_soon(_go_when_done, guest)
            await until_each(there, lambda visit: visit.ending is not None, EXIT_LIMIT_S)
            await child.ended(max(0.0, EXIT_LIMIT_S - (time.monotonic() - told_at)))
            nursery.cancel_scope.cancel()
    exit_s = ended_at[0] - told_at if ended_at else None
    return Drained(number, len(there), sum(map(whole, there)), exit_s, child.status)


async def _go_when_done(guest: Guest) -> None:
    """As clients do: who waits for them to close would wait for ever."""
    await guest.ended()
    await guest.leave(Going.FIN)


async def _note_end(child: Child, ended_at: list[float]) -> None:
    if await child.ended(EXIT_LIMIT_S) is not None:
        ended_at.append(time.monotonic())


def figures(subject: str, drained: Drained, *, nicely: bool = False) -> list[Figure]:
    """The share of streams that ended whole, with Wilson's interval; and how long it took to end."""
    suffix = f", {drained.number}" if nicely else ""
    low, high = proportion_interval(drained.whole, drained.streams)
    share = Figure(
        subject=subject,
        name=f"{Number.DRAIN}{suffix}",
        value=100 * drained.whole / drained.streams if drained.streams else None,
        unit="%",
        low=None if low is None else 100 * low,
        high=None if high is None else 100 * high,
        n=drained.streams,
        note=f"{drained.whole} of {drained.streams} streams whole after {drained.number}; Wilson's interval",
    )
    slow_to_end = f"had not ended after {EXIT_LIMIT_S:g} s" if drained.exit_s is None else f"status {drained.status}"
    took = Figure(
        subject=subject,
        name=f"{Number.DRAIN}{suffix}: time until exit",
        value=drained.exit_s,
        unit="s",
        n=1,
        note=f"after {drained.number}, with streams of about {LASTS_S:g} s under way: {slow_to_end}",
    )
    return [share, took]
