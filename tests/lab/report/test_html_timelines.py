"""The timelines of a page."""

from __future__ import annotations

from support.lab_results import leaving

from trioproxy.lab.report.blocks import Timeline, Timelines
from trioproxy.lab.report.html_timelines import address, show_timelines, telling_axes, title
from trioproxy.trace.records import Run

RUN = Run(
    id="a/1",
    subject="naive",
    cell={"cause": "FIN"},
    measures={"told": True, "abort_ms": 1500.0, "saw": None},
    broken=["settled once"],
    repeat="trioproxy lab explore --case '<1>'",
)


def test_a_run_has_an_address_and_a_title() -> None:
    assert address("a/1 <x>", "b:") == "run=b%3Aa%2F1%20%3Cx%3E"
    assert title(RUN) == "naive, FIN"
    assert title(Run(id="1", subject="", cell={})) == "a run"


def test_a_title_says_what_tells_runs_apart() -> None:
    runs = [Run(id="1", subject="none", cell={"pump": "none", "end": "mark", "fault": fault}) for fault in ("a", "b")]

    assert telling_axes(runs) == ["fault"]
    assert telling_axes(runs[:1]) == ["pump", "end", "fault"]
    assert title(runs[0], ["pump", "fault"]) == "none, a"


def test_one_that_is_alone_is_open() -> None:
    one = Timeline(RUN, ())
    assert '<details class="timeline" data-run="a/1" open>' in show_timelines(Timelines((one,)), "").text
    assert " open>" not in show_timelines(Timelines((one, one)), "").text


def test_a_timeline_says_what_was_measured_and_how_to_repeat_it() -> None:
    shown = show_timelines(Timelines((Timeline(RUN, tuple(leaving("a/1"))),), left_out=3), "b:").text

    assert '<div id="run=b:a/1">' in shown
    assert "The client left (FIN); the upstream was told 800 µs later." in shown
    assert "<dt>told</dt><dd>yes</dd>" in shown
    assert "<dt>abort_ms</dt><dd>1.50 s</dd>" in shown
    assert "<dt>saw</dt>" not in shown
    assert "breaks: settled once" in shown
    assert "--case &#x27;&lt;1&gt;&#x27;" in shown or "--case '&lt;1&gt;'" in shown
    assert "3 more runs with events" in shown
    assert '<option value="b:a/1">naive, FIN  ·  a/1</option>' in shown
