"""Stories told to a contestant for what can be measured of them: times and bytes on the virtual clock, not breaches.

Course ── pulled_bytes, got_bytes, ended_at, closed_at …
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trioproxy.lab.compare.sweep import Contestant
from trioproxy.lab.explore.case import Case, Scenario
from trioproxy.lab.explore.stage import Happened, Theatre
from trioproxy.lab.explore.subject import Conditions, Subject
from trioproxy.lab.explore.timeline import Timeline
from trioproxy.lab.script import Ask, Chunk, End, Head, Script, Story
from trioproxy.trace.records import Event, Lane, What

SSE = ((b"content-type", b"text/event-stream"),)
_LAST = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


@dataclass(frozen=True, slots=True)
class Course:
    """One story, as it went. Times are seconds of the run; what did not happen is at infinity."""

    happened: Happened
    events: tuple[Event, ...]

    def got_bytes(self, client: int = 0, until_s: float = math.inf) -> int:
        """What a client has got by then."""
        return self._bytes(Lane.CLIENT, client, until_s)

    def pulled_bytes(self, call: int = 0, until_s: float = math.inf) -> int:
        """What has been read from the upstream by then."""
        return self._bytes(Lane.UPSTREAM, call, until_s)

    @property
    def all_pulled_bytes(self) -> int:
        """What has been read from the upstream by all calls: what is paid for."""
        return sum(event.size_bytes for event in self.events if event.lane is Lane.UPSTREAM)

    def most_waiting_bytes(self, client: int = 0, call: int = 0) -> int:
        """The most that had been pulled for a client, while it was there, and not been taken by it."""
        waiting = most = 0
        for event in self.events:
            if event.lane is Lane.UPSTREAM and event.who == call:
                waiting += event.size_bytes
                most = max(most, waiting)
            elif event.lane is Lane.CLIENT and event.who == client:
                if event.what in (What.LEFT, What.STALLED):
                    break
                waiting -= event.size_bytes
        return most

    def ended_at(self, client: int = 0) -> float:
        """When a client had its whole answer."""
        return self._at(Lane.CLIENT, What.END, client)

    def closed_at(self, call: int = 0) -> float:
        """When the upstream was told, or had ended."""
        return self._at(Lane.UPSTREAM, What.CLOSED, call)

    def _at(self, lane: Lane, what: What, who: int) -> float:
        found = [event.at_s for event in self.events if (event.lane, event.what, event.who) == (lane, what, who)]
        return found[-1] if found else math.inf

    def _bytes(self, lane: Lane, who: int, until_s: float) -> int:
        return sum(
            event.size_bytes
            for event in self.events
            if event.lane is lane and event.who == who and event.at_s <= until_s
        )


@dataclass(frozen=True, slots=True)
class Telling:
    """A story to be told.

    Args:
        subject: in place of the contestant's own, such as one behind a server that stops.
        conditions: in place of those that follow from the contestant's policy.
    """

    contestant: Contestant
    story: Story
    seed: int = 0
    subject: Subject | None = None
    conditions: Conditions | None = None


def tell(tellings: Sequence[Telling]) -> list[Course]:
    """Tell all, one after the other."""
    theatre = Theatre()

    async def main() -> list[Course]:
        return [await _tell(theatre, each) for each in tellings]

    return theatre.run(main)


async def _tell(theatre: Theatre, telling: Telling) -> Course:
    contestant, story = telling.contestant, telling.story
    scenario = contestant.under(Scenario(story.name, story.name, story))
    if telling.conditions is not None:
        scenario = Scenario(story.name, story.name, story, telling.conditions)
    timeline = Timeline(story.name)
    subject = telling.subject or contestant.subject()
    happened = await theatre.play(subject, Case(scenario, telling.seed), timeline)
    return Course(happened, tuple(timeline.events))


def stream(events: int, every_s: float, event_bytes: int = 100, first_s: float | None = None) -> Script:
    """An upstream that sends so many events of one size, then its protocol's last."""
    event = b"event: ping\ndata: " + b"x" * (event_bytes - 20) + b"\n\n"
    words: list[Head | Chunk | End | float] = [Head(headers=SSE)]
    for number in range(events):
        words += [every_s if number or first_s is None else first_s, Chunk(event)]
    return Script.of(*words, every_s, Chunk(_LAST), End())


def ask(number: int = 0) -> Ask:
    """A streaming request; of another number it is another request."""
    body = b'{"model":"claude-haiku-4-5","stream":true,"max_tokens":%d}' % (number + 1)
    return Ask(body=body, headers=((b"content-type", b"application/json"),))
