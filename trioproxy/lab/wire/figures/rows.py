"""Rows lost or doubled: what a proxy's ledger says, held against what the upstream was asked.

    aborts   clients leave at all moments, some stay; the proxy is asked to end
    kills    SIGKILL with calls in flight, to all of its processes; it is started again, serves one more, and ends

A row is lost where the upstream was asked and no row says so, or where the row of a call that is over has no end.
"""

# Clients that are there at once.
# ruff: noqa: TID251

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from dataclasses import dataclass

import trio

from trioproxy.lab.answers import message_stream
from trioproxy.lab.measures import Number
from trioproxy.lab.script import Going, Script
from trioproxy.lab.statistics import proportion_interval
from trioproxy.lab.wire.child import Child
from trioproxy.lab.wire.figures.crowd import Entrance, crowd, until_each
from trioproxy.lab.wire.guest import Guest
from trioproxy.lab.wire.place import Place
from trioproxy.lab.wire.trouble import TargetTrouble
from trioproxy.trace.records import Figure

CALLS = 60
QUICK_CALLS = 15
IN_FLIGHT = 20
EVERY_S = 0.01
END_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Books:
    """What the ledger says, and what the upstream was asked."""

    asked: int
    opened: int
    settled: int
    doubled: int

    @property
    def lost(self) -> int:
        """Calls without a row, and rows without an end. A row too many stands for no call."""
        return max(0, self.asked - (self.opened - self.doubled)) + max(0, self.opened - self.settled)


def story() -> Script:
    """A stream of a third of a second."""
    return message_stream("word " * 30).script(every_s=EVERY_S)


async def with_aborts(entrance: Entrance, child: Child, place: Place, *, quick: bool) -> Books:
    """Clients that leave at all moments. The proxy has ended afterwards."""
    entrance.stage.script = story()
    calls = QUICK_CALLS if quick else CALLS
    async with crowd(entrance, calls, every_s=EVERY_S) as guests:
        async with trio.open_nursery() as nursery:
            for number, guest in enumerate(guests):
                if number % 3:
                    nursery.start_soon(_leave, guest, number)
        await until_each(
            [guest for number, guest in enumerate(guests) if number % 3 == 0], lambda _: False, END_LIMIT_S
        )
    await entrance.stage.until(lambda: all(each.over_at for each in entrance.stage.upstream.requests), 2.0)
    await end(child, place)
    return books(entrance, place)


async def _leave(guest: Guest, number: int) -> None:
    """Go: at once, or later and later in the answer."""
    await trio.sleep(EVERY_S * (number % 30))
    await guest.leave(Going.FIN if number % 2 else Going.RST)


async def with_a_kill(entrance: Entrance, child: Child) -> None:
    """Calls in flight, and then nothing of the proxy is left."""
    entrance.stage.script = story()
    async with crowd(entrance, IN_FLIGHT) as guests:
        await until_each(guests, lambda visit: visit.size_bytes > 0)
        child.kill()
        await child.ended(END_LIMIT_S)


async def afterwards(entrance: Entrance, child: Child, place: Place) -> Books:
    """One more call of the proxy that was started again; then it ends."""
    async with crowd(entrance, 1) as guests:
        await until_each(guests, lambda _: False)
    await end(child, place)
    return books(entrance, place)


async def end(child: Child, place: Place) -> None:
    """Ask it to end, as it likes to be asked.

    Raises:
        TargetTrouble: it does not.
    """
    child.signal(signal.Signals[place.target.run.graceful])
    if await child.ended(END_LIMIT_S) is None:
        raise TargetTrouble(f"has not ended {END_LIMIT_S:g} s after {place.target.run.graceful}", child.output())


def books(entrance: Entrance, place: Place) -> Books:
    """Read the ledger.

    Raises:
        TargetTrouble: it cannot be read.
    """
    queries = place.target.ledger
    assert queries is not None
    path = place.fill(queries.sqlite)
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
            opened, settled, doubled = (
                int(ledger.execute(place.fill(query)).fetchone()[0])
                for query in (queries.opened, queries.settled, queries.doubled)
            )
    except (sqlite3.Error, TypeError, ValueError) as error:
        raise TargetTrouble(f"its ledger {path} cannot be read: {error}") from None
    return Books(len(entrance.stage.upstream.requests), opened, settled, doubled)


def figure(subject: str, what: str, found: Books | None, why: str = "it has no ledger that could be read") -> Figure:
    """How many rows were lost or doubled under `what`, with Wilson's interval for that many calls."""
    name = f"{Number.ROWS}, {what}"
    if found is None:
        return Figure(subject=subject, name=name, value=None, unit="rows", note=why)
    wrong = found.lost + found.doubled
    low, high = proportion_interval(min(wrong, found.asked), found.asked)
    return Figure(
        subject=subject,
        name=name,
        value=float(wrong),
        unit="rows",
        low=None if low is None else low * found.asked,
        high=None if high is None else high * found.asked,
        n=found.asked,
        note=f"{found.asked} calls came to the upstream, {found.opened} rows, {found.settled} of them with an end, "
        f"{found.doubled} too many; Wilson's interval",
    )
