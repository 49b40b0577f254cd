"""Records, sorted out."""

from __future__ import annotations

import pytest
from support.lab_results import header

from trioproxy.lab.report.results import results
from trioproxy.trace.records import Event, Figure, Lane, Run, Tally, Trouble, What

RUN = Run(id="1", subject="nginx", cell={})


def _event(run: str, at_s: float, note: str = "") -> Event:
    return Event(run=run, at_s=at_s, lane=Lane.CLIENT, what=What.BYTES, note=note)


def test_each_kind_is_by_itself() -> None:
    tally = Tally(subject="a", cell={}, runs=3)
    figure = Figure(subject="haproxy", name="x", value=1, unit="ms")
    trouble = Trouble(subject="litellm", what="does not start")

    found = results("a file", [header(), RUN, tally, figure, trouble, header("trace")])

    assert found.header == header()
    assert (found.runs, found.tallies, found.figures, found.troubles) == ((RUN,), (tally,), (figure,), (trouble,))
    assert found.subjects == ["haproxy", "a", "nginx"]


def test_events_are_in_the_order_of_their_time_and_else_of_the_file() -> None:
    events = [_event("1", 2.0), _event("1", 1.0, "first"), _event("2", 0.0), _event("1", 1.0, "second")]

    found = results("a file", [header(), RUN, *events])

    assert [(event.at_s, event.note) for event in found.events["1"]] == [(1.0, "first"), (1.0, "second"), (2.0, "")]


def test_runs_with_events_have_timelines_even_if_they_were_not_written_down() -> None:
    silent = Run(id="0", subject="nginx", cell={})
    again = Run(id="1", subject="nginx", cell={}, repetition=1)

    found = results("a file", [header(), _event("lost", 0.0), silent, RUN, again, _event("1", 0.0)])

    assert found.timed_runs == [RUN, Run(id="lost", subject="", cell={})]


def test_there_has_to_be_a_header() -> None:
    with pytest.raises(ValueError, match="a file: no header"):
        results("a file", [RUN])
