"""Each event stands in its lane, below the one before it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from support.lab_results import leaving

from trioproxy.lab.report.lanes import LANE, swim_lanes, symbols
from trioproxy.trace.records import Event, Lane, What


def _picture(events: list[Event]) -> ElementTree.Element:
    return ElementTree.fromstring(swim_lanes(events).text)


def _event(at_s: float, lane: Lane = Lane.CLIENT, what: What = What.REQUEST, note: str = "", who: int = 0) -> Event:
    return Event(run="1", at_s=at_s, lane=lane, what=what, note=note, who=who)


def _marks(picture: ElementTree.Element) -> list[tuple[str, float, float]]:
    found = []
    for group in picture.iter("g"):
        use = group.find("use")
        if use is not None and group.get("data-what"):
            found.append(
                (f"{group.get('class')} {group.get('data-what')}", float(use.get("x", 0)), float(use.get("y", 0)))
            )
    return found


def test_events_stand_in_their_lanes_in_their_order() -> None:
    events = [_event(0.0), _event(0.0, Lane.UPSTREAM, What.ASKED), _event(0.0, Lane.SEAT, What.SAT), _event(1.0)]

    marks = _marks(_picture(events))

    assert [name for name, _, _ in marks] == ["client request", "upstream asked", "seat sat", "client request"]
    columns = [(x - marks[0][1]) / LANE for _, x, _ in marks]
    assert columns == [0, 3, 1, 0]
    heights = [y for _, _, y in marks]
    assert heights == sorted(heights)
    assert len(set(heights)) == 4


def test_more_time_is_more_room() -> None:
    first, second, third, fourth = (y for _, _, y in _marks(_picture([*map(_event, (0.0, 0.0, 0.001, 1.001))])))

    assert second - first < third - second < fourth - third


def test_a_time_is_said_once_for_what_happens_at_the_same_instant() -> None:
    picture = _picture([_event(0.0), _event(0.0), _event(0.5), _event(0.5 + 1e-13)])

    assert [text.text for text in picture.iter("text") if text.get("class") == "time"] == ["0.000 s", "0.500 s"]


def test_long_words_are_wrapped_and_whole_in_the_title() -> None:
    note = "a reason that is long " * 9
    picture = _picture([_event(0.0, note=note.strip())])

    (row,) = (group for group in picture.iter("g") if group.get("data-what"))
    lines = [each.text or "" for each in (*row.iter("text"), *row.iter("tspan"))]
    assert lines[:2] == ["0.000 s", "request: a reason"]
    assert len(lines) == 5
    assert lines[-1].endswith("…")
    title = row.find("title")
    assert title is not None
    assert title.text == f"0.000 s, client: request: {note.strip()}"


def test_bytes_that_were_kept_are_in_the_title() -> None:
    event = Event(run="1", at_s=0.0, lane=Lane.CLIENT, what=What.BYTES, who=1, data=b"data: \xff<b>\n")

    assert "client 1: bytes\ndata: \\xff&lt;b&gt;\n</title>" in swim_lanes([event]).text


def test_a_bracket_ties_leaving_and_being_told() -> None:
    assert len(re.findall("bracket", swim_lanes(leaving("1")).text)) == 1
    assert "bracket" not in swim_lanes(leaving("1", late_ms=None)).text


def test_chunks_are_counted_and_cuts_are_said() -> None:
    text = swim_lanes(leaving("1")).text

    assert text.count("40 × bytes") == 2
    cut = swim_lanes([_event(float(at)) for at in range(400)]).text
    assert "100 events are left out here" in cut


def test_faults_and_broken_invariants_stand_out() -> None:
    text = swim_lanes([_event(0.0, what=What.FAULT, note="cancel"), _event(0.0, what=What.BROKEN, note="once")]).text

    assert text.count("loud") == 2
    assert text.count("#mark-bolt") == 2


def test_every_mark_that_is_used_is_there() -> None:
    used = set(
        re.findall(r'href="#([\w-]+)"', swim_lanes([*leaving("1"), *(_event(0, what=what) for what in What)]).text)
    )

    assert used == set(re.findall(r'id="([\w-]+)"', symbols().text))


def test_several_clients_have_a_lane_each_and_none_is_an_empty_picture() -> None:
    names = [
        text.text
        for text in _picture([_event(0.0), _event(0.0, who=1)]).iter("text")
        if text.get("class", "").startswith("lane-name")
    ]

    assert names == ["client 0", "client 1", "seat", "pump", "upstream", "settle"]
    assert len(list(_picture([]).iter("text"))) == 5
