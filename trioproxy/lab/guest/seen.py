"""What a client of the lab saw: of each time that it asked, the answer and how it ended, with the time of each fact.

Times are `time.monotonic()` in seconds, as in `lab/received.py`: on one machine they may be compared.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from trioproxy.lab.script import ClientPhase, Going
from trioproxy.model import RawHeaders
from trioproxy.trace.records import Event, Lane, What

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_PHASES = list(ClientPhase)


class AnswerEnding(StrEnum):
    """How an answer ended, as the client sees it."""

    # As its framing said.
    CLEAN = "clean"
    # The connection was closed first, or the framing was garbled.
    TRUNCATED = "truncated"
    # RST, or RST_STREAM.
    RESET = "reset"
    # Nothing came any more, and no end, for as long as the client had patience.
    HANG = "hang"
    # No connection came about.
    REFUSED = "refused"


_MARKS = {
    AnswerEnding.CLEAN: What.END,
    AnswerEnding.TRUNCATED: What.TRUNCATED,
    AnswerEnding.RESET: What.RESET,
    AnswerEnding.HANG: What.HANG,
    AnswerEnding.REFUSED: What.RESET,
}


@dataclass(slots=True, eq=False)
class Visit:
    """One request and what was seen of its answer. Facts are only ever added.

    `framed`: the end of the answer could be told from the end of its connection (RFC 9112, 6.3); where it could
    not, FIN is a clean end. `rest_bytes` came after the answer: another one, to pipelined bytes.
    """

    began_at: float
    keep_body: bool = True
    who: int = 0
    phase: ClientPhase = ClientPhase.CONNECTED
    connected_at: float | None = None
    sent_at: float | None = None
    status: int | None = None
    headers: RawHeaders = field(default=(), repr=False)
    interim: list[int] = field(default_factory=list)
    framed: bool = True
    size_bytes: int = 0
    rest_bytes: int = 0
    events: int = 0
    body: bytearray = field(default_factory=bytearray, repr=False)
    # None while the answer goes on, and for ever if the client left it.
    ending: AnswerEnding | None = None
    ended_at: float | None = None
    # What else is known of the ending: an error code, what was garbled.
    note: str = ""
    # The server's GOAWAY.
    goaway_code: int | None = None
    left_at: float | None = None
    left_by: Going | None = None
    marks: list[Event] = field(default_factory=list, repr=False)
    _tail: bytes = field(default=b"", repr=False)

    def reach(self, phase: ClientPhase) -> None:
        """Get into `phase`, if it is not past it already."""
        if _PHASES.index(phase) > _PHASES.index(self.phase):
            self.phase = phase

    def reached(self, phase: ClientPhase) -> bool:
        """It is in `phase`, or past it."""
        return _PHASES.index(self.phase) >= _PHASES.index(phase)

    def header(self, name: bytes) -> bytes | None:
        """The first value of the answer's header `name` (lower case), or None."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def sent(self) -> None:
        """All of the request is out."""
        self.sent_at = self.mark(What.REQUEST)
        self.reach(ClientPhase.WAITING)

    def has_head(self, status: int, headers: RawHeaders) -> None:
        """The head is there."""
        self.status, self.headers = status, headers
        self.mark(What.HEAD, note=str(status))
        self.reach(ClientPhase.HEAD)

    def has(self, data: bytes) -> None:
        """These bytes of the body are there."""
        self.size_bytes += len(data)
        if self.keep_body:
            self.body += data
        self._count_events(data)
        self.mark(What.BYTES, size_bytes=len(data))
        self.reach(ClientPhase.STREAMING)

    def end(self, ending: AnswerEnding, note: str = "") -> None:
        """No more will come. The first ending counts."""
        if self.ending is not None:
            return
        self.ending, self.note = ending, note
        self.ended_at = self.mark(_MARKS[ending], note=note)
        if ending is AnswerEnding.CLEAN:
            self.reach(ClientPhase.ENDED)

    def leaves(self, how: Going) -> None:
        """The client goes, now."""
        self.left_by = how
        self.left_at = self.mark(What.LEFT, note=how.value)

    def mark(self, what: What, *, size_bytes: int = 0, note: str = "") -> float:
        """Remember that this happened now; when that was."""
        at_s = time.monotonic()
        self.marks.append(
            Event(run="", at_s=at_s, lane=Lane.CLIENT, what=what, size_bytes=size_bytes, note=note, who=self.who)
        )
        return at_s

    def _count_events(self, data: bytes) -> None:
        text = self._tail + data
        end = 0
        for found in _BLANK_LINE.finditer(text):
            end = found.end()
            self.events += 1
        self._tail = text[max(end, len(text) - 3) :]


@dataclass(slots=True, eq=False)
class Seen:
    """What one client saw: its visits, in their order."""

    visits: list[Visit] = field(default_factory=list)

    @property
    def last(self) -> Visit:
        """The last time it asked."""
        return self.visits[-1]

    def events(self, run: str, began_at: float) -> Iterator[Event]:
        """The marks of all visits as events of `run`, which began at `began_at` (`time.monotonic()`)."""
        for visit in self.visits:
            for mark in visit.marks:
                yield msgspec.structs.replace(mark, run=run, at_s=mark.at_s - began_at)
