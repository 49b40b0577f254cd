from __future__ import annotations

from support.exploring import play_one

from trioproxy.lab.explore.timeline import Timeline
from trioproxy.trace.records import Lane, What


def told(scenario: str, lane: Lane, *strikes: tuple[str, int]) -> list[tuple[What, str]]:
    timeline = Timeline("run")
    play_one(scenario, *strikes, timeline=timeline)
    return [(event.what, event.note) for event in timeline.events if event.lane is lane]


def test_the_pump_tells_its_phases_and_why_it_ended_early() -> None:
    phases = [
        (What.PHASE, "sending the request"),
        (What.PHASE, "waiting for the head"),
        (What.PHASE, "between chunks"),
    ]
    assert told("paced", Lane.PUMP) == [*phases, (What.PHASE, "after the last chunk")]
    assert told("leaver", Lane.PUMP) == [*phases, (What.CANCELLED, "client left")]


def test_the_seats_tell_who_sits_and_how_it_ended() -> None:
    assert told("join", Lane.SEAT) == [(What.SAT, ""), (What.JOINED, ""), (What.END, "")]
    assert told("leaver", Lane.SEAT) == [(What.SAT, ""), (What.LEFT, "client left")]
    [*_, (what, note)] = told("reset", Lane.SEAT)
    assert (what, "Reset" in note) == (What.FAILED, True)
