"""A results file, sorted out: what ran, on whom, and which runs have a timeline.

records ──▶ Results ──▶ cells, numbers, heat maps, box plots, invariants, timelines
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from trioproxy.lab.report.words import once
from trioproxy.trace.records import Event, Figure, Header, Record, Run, Tally, Trouble


@dataclass(frozen=True)
class Results:
    """What one file holds. `name` tells it from another in a comparison; `events` are in the order of their time."""

    name: str
    header: Header
    runs: tuple[Run, ...] = ()
    events: Mapping[str, tuple[Event, ...]] = field(default_factory=dict)
    tallies: tuple[Tally, ...] = ()
    figures: tuple[Figure, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    @cached_property
    def subjects(self) -> list[str]:
        """Targets or combinations, in the order in which the file names them."""
        figures, tallies, runs = (map(_subject, kind) for kind in (self.figures, self.tallies, self.runs))
        return once([*figures, *tallies, *runs])

    @cached_property
    def timed_runs(self) -> list[Run]:
        """The runs that have events, each id once; events whose run was not written down make one of their own."""
        known = {run.id: run for run in reversed(self.runs)}
        return [known.get(id) or Run(id=id, subject="", cell={}) for id in self._timed_ids()]

    def _timed_ids(self) -> list[str]:
        return once([*(run.id for run in self.runs if run.id in self.events), *self.events])


def _subject(record: Figure | Tally | Run) -> str:
    return record.subject


def results(name: str, records: Iterable[Record]) -> Results:
    """Sort `records` out. Of several headers (files that were put together) the first counts.

    Raises:
        ValueError: there is no header.
    """
    kinds: dict[type, list[Record]] = defaultdict(list)
    for record in records:
        kinds[type(record)].append(record)
    if not kinds[Header]:
        raise ValueError(f"{name}: no header")
    events: dict[str, list[Event]] = defaultdict(list)
    for event in kinds[Event]:
        assert isinstance(event, Event)
        events[event.run].append(event)
    return Results(
        name=name,
        header=next(each for each in kinds[Header] if isinstance(each, Header)),
        runs=tuple(each for each in kinds[Run] if isinstance(each, Run)),
        events={run: tuple(sorted(each, key=lambda event: event.at_s)) for run, each in events.items()},
        tallies=tuple(each for each in kinds[Tally] if isinstance(each, Tally)),
        figures=tuple(each for each in kinds[Figure] if isinstance(each, Figure)),
        troubles=tuple(each for each in kinds[Trouble] if isinstance(each, Trouble)),
    )
