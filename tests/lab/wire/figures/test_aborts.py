"""Abort latency over the cells: never is later than everything, and some ways of leaving do not count."""

from __future__ import annotations

from trioproxy.lab.wire.figures.aborts import figures
from trioproxy.trace.records import Run


def run(
    late_ms: float | None, told: bool | None = True, cause: str = "FIN", phase: str = "waiting for the head"
) -> Run:
    cell = {"cause": cause, "phase": phase, "protocol": "h1"}
    return Run(id="r", subject="tiny", cell=cell, measures={"told": told, "abort_ms": late_ms})


def test_all_were_told():
    median, p99, told = figures("tiny", [run(float(number)) for number in range(1, 12)])
    assert (median.name, median.value, median.n) == ("abort latency, median", 6.0, 11)
    assert p99.value == 11.0
    assert (told.name, told.value, told.high) == ("abort latency, upstreams told", 100.0, 100.0)


def test_never_counts_as_later_than_everything():
    median, p99, told = figures("tiny", [run(1.0)] * 8 + [run(None, told=False)] * 2)
    assert median.value == 1.0
    assert p99.value is None
    assert "2 of 10 runs never" in median.note
    assert told.value == 80.0

    median, _, told = figures("tiny", [run(None, told=False)] * 3)
    assert (median.value, told.value) == (None, 0.0)


def test_a_cell_that_was_run_less_often_weighs_as_much():
    often = [run(1.0)] * 20
    seldom = [run(None, told=False, phase="head received")] * 4
    median, p99, told = figures("tiny", often + seldom)
    assert (median.value, p99.value, told.value, told.n) == (1.0, None, 50.0, 24)


def test_who_may_be_served_on_and_what_was_over_does_not_count():
    assert (
        figures(
            "tiny",
            [
                run(1.0, cause="half-close"),
                run(1.0, cause="stops reading"),
                run(1.0, phase="after the last chunk"),
                run(None, told=None),
                Run(id="f", subject="tiny", cell={"fault": "gzip", "protocol": "h1"}),
            ],
        )
        == []
    )
