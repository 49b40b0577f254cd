"""What happens to one request, noted in memory until it is over: nothing here waits, or touches a disk.

    exchange, source, pump ─▶ note, chunk ─▶ [ bounded ] ─▶ records ─▶ folder.py

Of chunks, and of phases, there can be any number: beyond the room there is they are counted, the chunks of a lane as
one event where the last of them stands. Everything else is noted whatever room there is. Nothing here raises into a
stream: a request whose notes met with a fault of ours has no trace (wall.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import trio

from trioproxy.model import Arrival
from trioproxy.trace.records import Event, Header, Lane, Record, Run, Value, What
from trioproxy.trace.wall import Wall
from trioproxy.wire.credentials import secrets, unsaid

# What one event weighs in memory, about; the bytes that are kept come on top.
EVENT_BYTES = 250
# All events of one request.
NOTES_BYTES = 4 * 1024 * 1024
# A longer text is cut: an upstream's error may be a page.
LONGEST_TEXT = 500


class Room:
    """How much all notes together may hold."""

    def __init__(self, size_bytes: int) -> None:
        self._left_bytes = size_bytes

    def take(self, size_bytes: int) -> bool:
        """Whether there is so much left; then it is taken."""
        if size_bytes > self._left_bytes:
            return False
        self._left_bytes -= size_bytes
        return True

    def give_back(self, size_bytes: int) -> None:
        """Free again."""
        self._left_bytes += size_bytes


@dataclass(slots=True)
class _Chunks:
    """Chunks that are told as one."""

    count: int = 0
    size_bytes: int = 0
    last_at_s: float = 0.0

    def add(self, size_bytes: int, at_s: float) -> None:
        self.count += 1
        self.size_bytes += size_bytes
        self.last_at_s = at_s

    def event(self, run: str, lane: Lane) -> Event:
        note = f"{self.count} chunks, of which the last came now"
        return Event(run=run, at_s=self.last_at_s, lane=lane, what=What.BYTES, size_bytes=self.size_bytes, note=note)


class Notes:
    """The notes on one request.

    Args:
        why: it is traced: `asked for`, or `sampled`.
        keeps_bodies: the answer's own bytes, too.
        on_over: told once, synchronously, when nothing more will be noted.
    """

    def __init__(
        self, arrival: Arrival, why: str, room: Room, on_over: Callable[[Notes], None], *, keeps_bodies: bool = False
    ) -> None:
        self.id = arrival.id
        self.cell: dict[str, str] = {"why": why, "protocol": f"HTTP/{arrival.http_version}"}
        self.measures: dict[str, Value] = {}
        # There is nothing to tell: it is not written.
        self.void = False
        # For whoever notes more than one thing at a time.
        self.wall = Wall(arrival.id)
        self._at = arrival.at
        self._began = trio.current_time()
        self._secrets = secrets(arrival.headers, arrival.query)
        self._room = room
        self._on_over = on_over
        self._keeps_bodies = keeps_bodies
        self._events: list[Event] = []
        self._held_bytes = 0
        # Chunks that found no room, by lane; phases that did not.
        self._folded: dict[Lane, _Chunks] = {}
        self._dropped = 0
        self._open_parts = 1

    def note(self, lane: Lane, what: What, note: str = "", *, size_bytes: int = 0) -> int:
        """One moment, now; its number, -1 if it could not be noted. No credential of the request is ever in `note`."""
        with self.wall:
            said = self._said(note)
            event = Event(run=self.id, at_s=self._since_s(), lane=lane, what=what, size_bytes=size_bytes, note=said)
            self._events.append(event)
            return len(self._events) - 1
        return -1

    def complete(self, number: int, note: str) -> None:
        """What is to be said of a moment that has been noted already."""
        with self.wall:
            if number >= 0:
                self._events[number] = msgspec.structs.replace(self._events[number], note=self._said(note))

    def measure(self, values: Mapping[str, Value]) -> None:
        """What was measured of the request; texts as in `note`."""
        with self.wall:
            self.measures |= {
                name: self._said(value) if isinstance(value, str) else value for name, value in values.items()
            }

    def chunk(self, lane: Lane, piece: bytes, *, keep: bool = False) -> None:
        """A piece of the answer has passed; `keep`: with its bytes, where bytes are kept at all."""
        with self.wall:
            kept = piece if keep and self._keeps_bodies else None
            at_s, size = self._since_s(), len(piece)
            if lane in self._folded or not self._hold(EVENT_BYTES + len(kept or b"")):
                self._folded.setdefault(lane, _Chunks()).add(size, at_s)
            else:
                event = Event(run=self.id, at_s=at_s, lane=lane, what=What.BYTES, size_bytes=size, data=kept)
                self._events.append(event)

    def phase(self, phase: str) -> None:
        """The pump gets into a phase."""
        with self.wall:
            if self._hold(EVENT_BYTES):
                self.note(Lane.PUMP, What.PHASE, phase)
            else:
                self._dropped += 1

    def _said(self, text: str) -> str:
        return (unsaid(text, self._secrets) or "")[:LONGEST_TEXT]

    def _hold(self, size_bytes: int) -> bool:
        """Whether there is room for so much more."""
        if self._held_bytes + size_bytes > NOTES_BYTES or not self._room.take(size_bytes):
            return False
        self._held_bytes += size_bytes
        return True

    def open_part(self) -> None:
        """One more part is noted on, the call; each is ended by `end_part`."""
        self._open_parts += 1

    def end_part(self) -> None:
        """A part has been settled; with the last one, all is over."""
        with self.wall:
            self._open_parts -= 1
            if not self._open_parts:
                self._on_over(self)

    def records(self, versions: Mapping[str, str]) -> Iterator[Record]:
        """A results file, with the versions of what ran. For when nothing more is noted.

        It is read in a thread, which may be given up and still go on: what `let_go` lets go of stays in it.
        """
        header = Header(
            lab="trace",
            command=[],
            began_at=datetime.fromtimestamp(self._at, UTC).isoformat().replace("+00:00", "Z"),
            versions=dict(versions),
        )
        dropped = self._dropped + sum(chunks.count for chunks in self._folded.values())
        measures = {**self.measures, "dropped_events": dropped}
        run = Run(id=self.id, subject="trioproxy", cell=self.cell, measures=measures)
        folded = [chunks.event(self.id, lane) for lane, chunks in self._folded.items()]
        return _in_order(header, run, [*self._events, *folded])

    def let_go(self) -> None:
        """Nothing is held any longer; harmless if it is done again."""
        self._room.give_back(self._held_bytes)
        self._held_bytes = 0
        self._events.clear()
        self._folded.clear()

    def _since_s(self) -> float:
        return round(trio.current_time() - self._began, 9)


def _in_order(header: Header, run: Run, events: list[Event]) -> Iterator[Record]:
    yield header
    yield run
    yield from sorted(events, key=_at_s)  # here, in the thread: there may be thousands


def _at_s(event: Event) -> float:
    return event.at_s
