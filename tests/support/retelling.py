"""Runs written by hand, and stories that are made of runs, for tests of what is made of them."""

from __future__ import annotations

from typing import Any

from support.exploring import our_proxy
from trioproxy.lab.explore.case import Case, Scenario
from trioproxy.lab.explore.stage import Happened, Theatre
from trioproxy.lab.explore.subject import Conditions
from trioproxy.lab.from_trace import Retold, Telling
from trioproxy.lab.script.toml import parse_story
from trioproxy.trace.records import Event, Lane, Run, What

# (when, lane, what, more): `more` is a size if it is a number, bytes that were kept, or a note.
Moment = tuple[float, Lane, What, Any]


def written(*moments: Moment, measures: dict[str, Any] | None = None, script: str = "", **cell: str) -> Telling:
    """A run with these moments."""
    events = []
    for at_s, lane, what, more in moments:
        data = more if isinstance(more, bytes) else None
        size = more if isinstance(more, int) else len(data or b"")
        note = more if isinstance(more, str) else ""
        events.append(Event(run="1", at_s=at_s, lane=lane, what=what, size_bytes=size, note=note, data=data))
    return Telling(Run(id="1", subject="x", cell=cell, measures=measures or {}, script=script), events)


def again(retold: Retold, scenario: Scenario | None = None) -> Happened:
    """The story, read from its file and played to the proxy by the engine of `lab explore`, as `scenario` was."""
    story = parse_story(retold.toml(), "story.toml")
    assert story == retold.story
    theatre = Theatre()
    conditions = scenario.conditions if scenario is not None else Conditions()
    case = Case(Scenario("told", "an incident", story, conditions), seed=0)
    return theatre.run(lambda: theatre.play(our_proxy(), case))
