from __future__ import annotations

from support.exploring import play_one

from trioproxy.lab.explore.timeline import Timeline
from trioproxy.trace.records import Lane, What


def told(scenario: str, *strikes: tuple[str, int]) -> list[tuple[float, Lane, What, str]]:
    timeline = Timeline("run")
    play_one(scenario, *strikes, timeline=timeline)
    return [(event.at_s, event.lane, event.what, event.note) for event in timeline.events]


def test_who_did_what_when() -> None:
    events = told("reset")

    assert [event[1:3] for event in events if event[1] in (Lane.CLIENT, Lane.UPSTREAM, Lane.SETTLE)] == [
        (Lane.CLIENT, What.REQUEST),
        (Lane.UPSTREAM, What.ASKED),
        (Lane.UPSTREAM, What.HEAD),
        (Lane.UPSTREAM, What.BYTES),
        (Lane.UPSTREAM, What.BYTES),
        (Lane.CLIENT, What.HEAD),
        (Lane.UPSTREAM, What.BROKE),
        (Lane.UPSTREAM, What.CLOSED),
        (Lane.SETTLE, What.CALL),
        (Lane.CLIENT, What.BYTES),
        (Lane.SETTLE, What.EXCHANGE),
        (Lane.CLIENT, What.TRUNCATED),
    ]
    assert (0.0, Lane.SETTLE, What.CALL, "truncated") in events


def test_a_fault_is_shown_where_it_struck() -> None:
    [(at_s, lane, _, note)] = [event for event in told("paced", ("leave", 22)) if event[2] is What.FAULT]

    assert (at_s, lane) == (3.0, Lane.CLIENT)
    assert note.startswith("the client leaves (before ")
    assert [event[1] for event in told("paced", ("break", 22)) if event[2] is What.FAULT] == [Lane.UPSTREAM]


def test_what_was_broken_comes_last_since_it_is_judged_at_the_end() -> None:
    timeline = Timeline("run")
    play_one("reset", timeline=timeline)
    ends_at = timeline.events[-1].at_s
    timeline.broken([("upstream closed", "call 1 was closed 0 times"), ("no internal error", "logged: x")])

    assert [(each.at_s, each.lane, each.what, each.note) for each in timeline.events[-2:]] == [
        (ends_at, Lane.SETTLE, What.BROKEN, "upstream closed: call 1 was closed 0 times"),
        (ends_at, Lane.SETTLE, What.BROKEN, "no internal error: logged: x"),
    ]


def test_it_does_not_change_the_schedule() -> None:
    with_it = play_one("join", ("leave", 30), timeline=Timeline("run"))

    assert with_it.schedule == play_one("join", ("leave", 30)).schedule
