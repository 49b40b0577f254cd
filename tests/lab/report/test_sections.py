"""The parts of a report are those that the file has something for."""

from __future__ import annotations

import pytest
from support.lab_results import explore, header, leaving, wire

from trioproxy.lab.report import sections as parts
from trioproxy.lab.report.blocks import Facts, Folded, Output, Table, Timelines
from trioproxy.lab.report.cells import cell_facts
from trioproxy.lab.report.results import results
from trioproxy.lab.report.sections import comparison, other_measures, sections, timelines, troubles, what_ran
from trioproxy.trace.records import Header, Run, Trouble


def test_each_lab_has_its_parts() -> None:
    assert [part.title for part in sections(results("a", wire()))] == [
        "What ran",
        "At a glance",
        "The numbers",
        "Heat map",
        "Abort latency",
        "Other measures",
        "Timelines",
        "Troubles",
    ]
    assert [part.title for part in sections(results("a", explore()))] == ["What ran", "Invariants", "Timelines"]
    assert [part.anchor for part in sections(results("a", [header()]), prefix="b-")] == ["b-ran"]
    assert comparison(results("a", wire()), results("b", wire())).anchor == "comparison"


def test_what_ran_can_be_run_again() -> None:
    output, facts = what_ran(results("a", wire()))

    assert output == Output("Command", "trioproxy lab wire --target nginx --target 'our own.toml'")
    assert isinstance(facts, Facts)
    assert facts.pairs[:3] == (
        ("began", "2026-11-29T06:12:00Z"),
        ("runs", "2,560 runs, 5 targets, 24 timelines, 1 trouble"),
        ("trioproxy", "0.1.0"),
    )
    assert facts.pairs[-1] == ("virtual", "yes")


def test_a_trace_was_written_by_no_command() -> None:
    trace = Header(lab="trace", command=[], began_at="2026-11-29T06:12:00Z")

    assert what_ran(results("a", [trace])) == [
        Facts((("began", "2026-11-29T06:12:00Z"), ("runs", "0 runs, 0 subjects, 0 timelines")))
    ]


def test_examples_are_not_counted_again() -> None:
    _, facts = what_ran(results("a", explore()))

    assert isinstance(facts, Facts)
    assert facts.pairs[1][1] == "72,000 runs, 6 subjects, 21 timelines"


def test_other_measures_have_their_units() -> None:
    runs = [Run(id="1", subject="a", cell={"x": "y"}, measures={"wait_ms": 1500.0}), Run(id="2", subject="b", cell={})]
    (folded,) = other_measures(cell_facts([*runs, Run(id="3", subject="c", cell={}, measures={"n_bytes": 2048})]))

    assert isinstance(folded, Folded)
    (table,) = folded.blocks
    assert isinstance(table, Table)
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["1.50 s", "1.50 s", "", ""],
        ["", "", "2.00 KiB", "2.00 KiB"],
    ]
    assert other_measures(cell_facts(runs[1:])) == []


def test_of_too_many_timelines_those_that_broke_something_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST_TIMELINES", 2)
    runs = [Run(id=str(at), subject="a", cell={}, broken=["once"] * (at == 3)) for at in range(4)]
    file = results("a", [header(), *runs, *(event for run in runs for event in leaving(run.id))])

    ((drawn,), (chosen,)) = timelines(file), timelines(file, {"2"})

    assert isinstance(drawn, Timelines)
    assert ([each.run.id for each in drawn.timelines], drawn.left_out) == (["0", "3"], 2)
    assert isinstance(chosen, Timelines)
    assert ([each.run.id for each in chosen.timelines], chosen.left_out) == (["2"], 0)
    assert timelines(results("a", [header()])) == []


def test_troubles_have_their_output() -> None:
    assert troubles([Trouble(subject="litellm", what="died", output="x")]) == [Output("litellm: died", "x")]


def test_what_befell_several_is_said_once_and_what_nobody_can_help_is_folded() -> None:
    said = [Trouble(subject=each, what="impossible: no such frame", output="a list") for each in ("nginx", "haproxy")]

    assert troubles([*said, *said]) == [Folded("nginx, haproxy: impossible: no such frame", (Output("", "a list"),))]
