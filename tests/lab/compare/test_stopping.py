"""A server that stops at a moment, or loses one connection."""

from __future__ import annotations

from trioproxy.lab.compare.semantics import Semantics
from trioproxy.lab.compare.stopping import Stopping
from trioproxy.lab.compare.sweep import Contestant
from trioproxy.lab.compare.telling import Course, Telling, ask, stream, tell
from trioproxy.lab.script import ClientScript, Story
from trioproxy.model import CallOutcome

CONTESTANT = Contestant(Semantics())


def told(at_s: float, only: int | None = None) -> Course:
    story = Story("stop", (stream(10, 1.0, 100),), (ClientScript(ask(0)), ClientScript(ask(1))))
    [found] = tell([Telling(CONTESTANT, story, subject=Stopping(CONTESTANT.subject(), at_s, only))])
    return found


def outcomes(found: Course) -> set[CallOutcome]:
    return {booked.receipt.outcome for booked in found.happened.books.calls}


def test_all_requests_end_when_it_stops() -> None:
    found = told(3.5)

    assert outcomes(found) == {CallOutcome.SHUTDOWN}
    assert found.closed_at(0) == found.closed_at(1) == found.happened.over_at == 3.5


def test_one_that_stops_after_the_story_stops_nothing() -> None:
    assert outcomes(told(100.0)) == {CallOutcome.COMPLETED}


def test_one_connection_that_fails_ends_one_request() -> None:
    found = told(3.5, only=0)

    assert sorted(visit.finished for visit in found.happened.visits) == [False, True]
