"""The runs of a cell, added up."""

from __future__ import annotations

from trioproxy.lab.measures import Measure
from trioproxy.lab.report.cells import Sample, Share, cell_facts, mixture
from trioproxy.lab.statistics import median_interval, quantile
from trioproxy.trace.records import Run, Value

CELL = {"cause": "FIN", "protocol": "h1"}


def _runs(*measures: dict[str, Value], subject: str = "nginx", cell: dict[str, str] = CELL) -> list[Run]:
    return [Run(id=f"{subject}{at}", subject=subject, cell=cell, measures=each) for at, each in enumerate(measures)]


def test_who_was_told_and_how_late() -> None:
    late = [3.0, 1.0, 2.0, 9.0, 4.0, 5.0, 6.0]
    told: list[dict[str, Value]] = [{Measure.TOLD: True, Measure.ABORT_MS: each} for each in late]
    runs = _runs(*told, {Measure.TOLD: False, Measure.ABORT_MS: None}, {Measure.TOLD: None})

    (facts,) = cell_facts(runs)

    assert (facts.subject, facts.cell, facts.runs) == ("nginx", tuple(CELL.items()), 9)
    assert facts.told == Share(7, 8)
    assert facts.told.value == 7 / 8
    assert facts.abort_ms is not None
    assert facts.abort_ms.values == tuple(sorted(late))
    assert facts.abort_ms.median == 4.0
    assert facts.abort_ms.quantile(0.99) == quantile(late, 0.99)
    assert facts.abort_ms.median_interval == median_interval(late)
    assert facts.abort_ms.p99_interval.high is None


def test_who_saw_what_and_who_was_lied_to() -> None:
    runs = _runs(
        {Measure.SAW: "clean end", Measure.LIE: True, "ended_ms": 3},
        {Measure.SAW: "truncation", Measure.LIE: False, "ended_ms": 5},
        {Measure.SAW: "truncation", Measure.LIE: False, "status": None},
    )

    (facts,) = cell_facts(runs)

    assert facts.saw == {"clean end": 1, "truncation": 2}
    assert facts.lies == Share(1, 3)
    assert facts.told is None
    assert facts.abort_ms is None
    assert {name: sample.values for name, sample in facts.others.items()} == {"ended_ms": (3.0, 5.0)}


def test_whatever_else_is_yes_or_no_is_a_share() -> None:
    (facts,) = cell_facts(_runs({"reached": True, "told": True}, {"reached": False}, {"reached": None}))

    assert facts.flags == {"reached": Share(1, 2)}


def test_each_subject_and_cell_by_itself_in_their_order() -> None:
    other = {"cause": "RST", "protocol": "h1"}
    runs = [*_runs({}, {}), *_runs({}, cell=other), *_runs({}, subject="haproxy"), *_runs({})]

    assert [(facts.subject, facts.runs) for facts in cell_facts(runs)] == [("nginx", 3), ("nginx", 1), ("haproxy", 1)]


def test_the_example_is_the_worst_that_has_events() -> None:
    runs = _runs({}, {Measure.LIE: False}, {Measure.LIE: True}, {Measure.LIE: True})

    assert [facts.example for facts in cell_facts(runs, ["nginx1", "nginx3"])] == ["nginx3"]
    assert [facts.example for facts in cell_facts(runs, ["nginx1"])] == ["nginx1"]
    assert [facts.example for facts in cell_facts(runs)] == [""]


def test_cells_in_one_sample_weigh_the_same() -> None:
    many, few = Sample((1.0,) * 20), Sample((8.0, 9.0))
    both = mixture([many, few])

    assert both is not None
    assert both.values == (*many.values, *few.values)
    assert (both.median, both.quantile(0.75), both.quantile(1.0)) == (1.0, 8.0, 9.0)
    assert both.median_interval.low == 1.0
    assert both.p99_interval.high is None
    assert (mixture([]), mixture([few])) == (None, few)
