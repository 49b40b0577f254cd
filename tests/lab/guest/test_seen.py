"""What a visit makes of what it is told."""

from __future__ import annotations

import pytest

from trioproxy.lab.guest import AnswerEnding, Seen, Visit
from trioproxy.lab.script import ClientPhase, Going
from trioproxy.trace.records import What

EVENTS = b"data: 1\n\ndata: 2\r\n\r\n: ping\r\rdata: half\n"


@pytest.mark.parametrize("cut", range(len(EVENTS) + 1))
def test_whole_events_are_counted_wherever_they_are_cut(cut: int) -> None:
    visit = Visit(0.0)
    visit.has(EVENTS[:cut])
    visit.has(EVENTS[cut:])

    assert visit.events == 3
    visit.has(b"\n")
    assert visit.events == 4


def test_byte_by_byte_they_are_as_many() -> None:
    visit = Visit(0.0)
    for at in range(len(EVENTS)):
        visit.has(EVENTS[at : at + 1])

    assert (visit.events, visit.body, visit.size_bytes) == (3, EVENTS, len(EVENTS))


def test_a_phase_is_never_left_backwards() -> None:
    visit = Visit(0.0)
    visit.has_head(200, ())
    visit.sent()

    assert visit.phase is ClientPhase.HEAD
    assert visit.reached(ClientPhase.WAITING)
    assert not visit.reached(ClientPhase.STREAMING)


def test_the_first_ending_counts() -> None:
    visit = Visit(0.0)
    visit.end(AnswerEnding.RESET, "RST_STREAM 2")
    visit.end(AnswerEnding.TRUNCATED)

    assert (visit.ending, visit.note, visit.phase) == (AnswerEnding.RESET, "RST_STREAM 2", ClientPhase.CONNECTED)


def test_marks_become_events_of_a_run() -> None:
    visit = Visit(0.0, keep_body=False, who=3)
    visit.sent()
    visit.has_head(200, ())
    visit.has(b"abc")
    visit.leaves(Going.RST)
    seen = Seen([visit])

    events = list(seen.events("r1", began_at=visit.marks[0].at_s))

    assert [(each.what, each.size_bytes, each.note) for each in events] == [
        (What.REQUEST, 0, ""),
        (What.HEAD, 0, "200"),
        (What.BYTES, 3, ""),
        (What.LEFT, 0, "RST"),
    ]
    assert {(each.run, each.lane, each.who) for each in events} == {("r1", "client", 3)}
    assert events[0].at_s == 0.0
    assert visit.body == b""
    assert seen.last.left_at == visit.marks[-1].at_s
