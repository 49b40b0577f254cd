"""A run as rows in swim lanes: one event a row, in their order; many chunks in a row are one.

    events ──▶ Moment, Moment, Burst, Moment …    what stands where is `lanes.py`'s

What happens at the same instant (a virtual clock does not move while tasks run) still stands in its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from trioproxy.lab.report.words import duration, size
from trioproxy.trace.records import Event, Lane, What

# So many chunks in a row and more are one row.
BURST = 5
# Longer timelines are cut in their middle.
MOST_ROWS = 300

# Times closer than this are the same: the sums of a virtual clock are off by as much.
INSTANT_S = 1e-9

Place = tuple[Lane, int]


@dataclass(frozen=True, slots=True)
class Moment:
    """One event."""

    event: Event

    @property
    def at_s(self) -> float:
        """When."""
        return self.event.at_s


@dataclass(frozen=True, slots=True)
class Burst:
    """Chunks that came and went without anything else in between."""

    events: tuple[Event, ...]

    @property
    def at_s(self) -> float:
        """When the first came."""
        return self.events[0].at_s

    def sums(self) -> list[tuple[Place, int, int]]:
        """Of each place: how many chunks, and how many bytes."""
        places = sorted({place(event) for event in self.events}, key=order)
        found = [(each, [event for event in self.events if place(event) == each]) for each in places]
        return [(each, len(events), sum(event.size_bytes for event in events)) for each, events in found]


@dataclass(frozen=True, slots=True)
class Cut:
    """So many events were left out here."""

    count: int
    at_s: float


Entry = Moment | Burst | Cut


@dataclass(frozen=True, slots=True)
class Notice:
    """A client left, and after a while the upstream was told. `told`: None if it never was.

    Where the upstream is a peer of the lab it says so itself (`told`); a trace of the proxy, and a run on the virtual
    clock, has that the proxy's end of the connection was closed.
    """

    left: Event
    told: Event | None

    def said(self) -> str:
        """In a sentence."""
        who = f"Client {self.left.who}" if self.left.who else "The client"
        how = f" ({self.left.note})" if self.left.note else ""
        if self.told is None:
            return f"{who} left{how}; nothing here says that the upstream was told."
        what = "the upstream was told" if self.told.what is What.TOLD else "the upstream's connection was closed"
        return f"{who} left{how}; {what} {duration(self.told.at_s - self.left.at_s)} later."


def place(event: Event) -> Place:
    """The column it stands in: its lane, and which of several clients or calls."""
    return event.lane, event.who


def order(where: Place) -> tuple[int, int]:
    """Lanes in their order, and in each one after the other."""
    return list(Lane).index(where[0]), where[1]


def places(events: Sequence[Event]) -> list[Place]:
    """The columns: every lane, even if nothing happened there, and each client or call of it."""
    found = {place(event) for event in events}
    found |= {(lane, 0) for lane in Lane if not any(each[0] is lane for each in found)}
    return sorted(found, key=order)


def entries(events: Sequence[Event]) -> list[Entry]:
    """The rows, in the order of the events."""
    rows: list[Entry] = []
    for chunks, group in groupby(events, key=lambda event: event.what is What.BYTES):
        stretch = tuple(group)
        if chunks and len(stretch) >= BURST:
            rows.append(Burst(stretch))
        else:
            rows += [Moment(event) for event in stretch]
    if len(rows) <= MOST_ROWS:
        return rows
    half = MOST_ROWS // 2
    middle = rows[half:-half]
    left_out = sum(len(row.events) if isinstance(row, Burst) else 1 for row in middle)
    return [*rows[:half], Cut(left_out, middle[0].at_s), *rows[-half:]]


def notices(events: Sequence[Event]) -> list[Notice]:
    """Each leaving of a client, with the upstream's learning of it."""
    found = []
    for at, event in enumerate(events):
        if event.lane is Lane.CLIENT and event.what is What.LEFT:
            later = [each for each in events[at + 1 :] if each.lane is Lane.UPSTREAM]
            told = (each for what in (What.TOLD, What.CLOSED) for each in later if each.what is what)
            found.append(Notice(event, next(told, None)))
    return found


def label(event: Event) -> str:
    """What happened, in the lane's own words."""
    what = event.note if event.what is What.PHASE and event.note else event.what.value
    amount = f" {size(event.size_bytes)}" if event.size_bytes else ""
    note = f": {event.note}" if event.note and event.what is not What.PHASE else ""
    return f"{what}{amount}{note}"


def decimals(events: Sequence[Event]) -> int:
    """How many digits after the point tell the times apart, from 3 (ms) to 6 (µs)."""
    times = sorted({event.at_s for event in events})
    gaps = [later - earlier for earlier, later in pairwise(times)]
    finest = min((gap for gap in gaps if gap > INSTANT_S), default=1.0)
    return next((digits for digits in (3, 4, 5) if finest >= 0.5 * 10**-digits), 6)
