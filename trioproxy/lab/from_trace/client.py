"""A client's side of a run, as its script: what it asked, and how it left, at which byte and how long after it.

request, head, bytes, left | stalled, request …   ─▶   ClientScript
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from trioproxy.lab.from_trace.telling import Telling
from trioproxy.lab.script import (
    After,
    Ask,
    AtByte,
    AtPhase,
    ClientPhase,
    ClientScript,
    ClientStep,
    Deed,
    Going,
    Leave,
    ReadOn,
    ReadSlowly,
    Resend,
    StopReading,
    When,
)
from trioproxy.rules.lifecycle import Phase
from trioproxy.trace.records import Event, Lane, What

# What follows its bytes so soon follows from them.
AT_ONCE_S = 0.01


def client_script(telling: Telling, who: int, ask: Ask) -> ClientScript:
    """What client `who` did with the request `ask`."""
    events = telling.of(Lane.CLIENT, who)
    stalls = any(event.what is What.STALLED for event in events)
    reading = _Reading(telling, who)
    for event in events:
        match event.what:
            case What.REQUEST:
                reading.ask(event)
            case What.HEAD | What.BYTES:
                reading.take(event)
            case What.LEFT if not stalls:
                reading.leave(event)
            case What.STALLED:
                reading.steps.append((reading.when(), StopReading()))
    return ClientScript(ask, tuple(reading.slowed()))


@dataclass(slots=True)
class _Reading:
    """How far a client has come."""

    telling: Telling
    who: int
    steps: list[ClientStep] = field(default_factory=list)
    asked_at_s: float = 0.0
    left_at_s: float | None = None
    head_at_s: float | None = None
    last_at_s: float = 0.0
    got_bytes: int = 0

    def ask(self, event: Event) -> None:
        if self.left_at_s is not None:
            self.steps.append((After(_seconds(event.at_s - self.left_at_s)), Resend()))
        self.asked_at_s = self.last_at_s = event.at_s
        self.left_at_s = self.head_at_s = None
        self.got_bytes = 0

    def take(self, event: Event) -> None:
        if self.head_at_s is None:
            self.head_at_s = event.at_s
        self.last_at_s = event.at_s
        self.got_bytes += event.size_bytes

    def when(self) -> When:
        """The last thing that came."""
        return AtByte(self.got_bytes) if self.got_bytes else AtPhase(ClientPhase.HEAD)

    def leave(self, event: Event) -> None:
        leave = Leave(Going(event.note) if event.note in list(Going) else Going.FIN)
        self.left_at_s = event.at_s
        if self.head_at_s is None:
            self.steps.append((After(_seconds(event.at_s - self.asked_at_s)), leave))
            return
        waited_s = event.at_s - self._came_s()
        behind = self._sent_before(event.at_s - AT_ONCE_S) > self.got_bytes
        if waited_s < AT_ONCE_S and not behind:
            self.steps.append((self.when(), leave))
        else:
            meanwhile: Deed = StopReading() if behind else ReadOn()
            self.steps += [(self.when(), meanwhile), (After(_seconds(waited_s)), leave)]

    def slowed(self) -> Sequence[ClientStep]:
        """The steps, and before them, if the pump had to wait for this client and it was read on, how slow it was."""
        phases = [event.note for event in self.telling.of(Lane.PUMP, None, What.PHASE)]
        waited = Phase.BLOCKED in phases[:-1]
        took_s = self.last_at_s - self.head_at_s if self.head_at_s is not None else 0.0
        if not waited or took_s <= 0 or any(isinstance(deed, StopReading) for _, deed in self.steps):
            return self.steps
        slowly = ReadSlowly(max(1, round(self.got_bytes / took_s)))
        steps = [(when, slowly if isinstance(deed, ReadOn) else deed) for when, deed in self.steps]
        return [(AtPhase(ClientPhase.HEAD), slowly), *steps]

    def _came_s(self) -> float:
        """When what the client got could first have come to it: who reads at once has it then."""
        came_bytes = 0
        for event in self.telling.of(Lane.UPSTREAM, self.who, What.BYTES):
            came_bytes += event.size_bytes
            if came_bytes >= self.got_bytes > 0:
                return min(event.at_s, self.last_at_s)
        return self.last_at_s

    def _sent_before(self, at_s: float) -> int:
        """What its upstream had sent by then."""
        sent = self.telling.of(Lane.UPSTREAM, self.who, What.BYTES)
        return sum(event.size_bytes for event in sent if event.at_s <= at_s)


def _seconds(value: float) -> float:
    return round(max(value, 0.0), 6)
