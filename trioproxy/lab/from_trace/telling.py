"""One run of a results file, with its events by lane."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trioproxy.errors import ConfigurationError
from trioproxy.trace.records import Event, Lane, Record, Run, Value, What

# So many ids are named in an error.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Telling:
    """A run and what happened in it, in the order of time."""

    run: Run
    events: Sequence[Event]

    def of(self, lane: Lane, who: int | None = None, *whats: What) -> list[Event]:
        """The events of a lane: of one client or call, of these kinds alone."""
        return [
            event
            for event in self.events
            if event.lane is lane and who in (None, event.who) and (not whats or event.what in whats)
        ]

    def first(self, lane: Lane, who: int | None, *whats: What) -> Event | None:
        """The first of them, if there is one."""
        return next(iter(self.of(lane, who, *whats)), None)

    def whos(self, lane: Lane) -> list[int]:
        """Which clients, or calls, there are in a lane."""
        return sorted({event.who for event in self.of(lane)})

    def measure(self, name: str) -> Value:
        """What was measured of the run under this name; None if nothing was."""
        return self.run.measures.get(name)


def telling(records: Iterable[Record], file_name: str, run_id: str | None) -> Telling:
    """The run `run_id`; without one, the only run that has events.

    Raises:
        ConfigurationError: there is none, or more than one.
    """
    runs: dict[str, Run] = {}
    events: dict[str, list[Event]] = {}
    for record in records:
        if isinstance(record, Run):
            runs[record.id] = record
        elif isinstance(record, Event):
            events.setdefault(record.run, []).append(record)
    told = [name for name in runs if name in events]
    if not told:
        raise ConfigurationError(
            [f"{file_name}: has no run with events; expected a trace, or a run that drew its timeline"]
        )
    if run_id is None and len(told) > 1:
        raise ConfigurationError(
            [f"{file_name}: has {len(told)} runs with events; expected one by --run: {_some(told)}"]
        )
    name = told[0] if run_id is None else run_id
    if name not in told:
        what = "has no events" if name in runs else "is not there"
        raise ConfigurationError([f"{file_name}: --run {name}: {what}; expected one of: {_some(told)}"])
    return Telling(runs[name], sorted(events[name], key=lambda event: event.at_s))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
