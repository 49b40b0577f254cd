"""From runs to the rows of a table."""

from __future__ import annotations

from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.wire.summary import rows
from trioproxy.trace.records import Run, Value

LEAVING = {"cause": "FIN", "phase": "waiting for the head", "protocol": "h1"}
FAULT = {"fault": "gzip", "protocol": "h1"}


def run(cell: dict[str, str], **measures: Value) -> Run:
    return Run(id="r", subject="tiny", cell=cell, measures=measures)


def test_a_row_for_each_cell_of_each_target():
    other = Run(id="r", subject="other", cell=FAULT)
    assert [
        (row.subject, row.cell, len(row.runs)) for row in rows([run(LEAVING), run(FAULT), run(LEAVING), other])
    ] == [
        ("tiny", LEAVING, 2),
        ("tiny", FAULT, 1),
        ("other", FAULT, 1),
    ]


def test_what_was_measured_of_those_that_left():
    (row,) = rows(
        [run(LEAVING, told=True, abort_ms=late, after_bytes=10) for late in (1.0, 2.0, 4.0)]
        + [run(LEAVING, told=False, abort_ms=None, after_bytes=30), run(LEAVING, told=None)]
    )
    assert (row.told, row.late_ms, row.after_bytes) == ("3 of 4", "2.00 / 3.96 / 4.00", "10 / 30")
    assert (row.saw, row.remarks, row.lies) == ("-", "", 0)


def test_what_was_not_measured_is_a_dash():
    (row,) = rows([run(LEAVING, reached=False), run(LEAVING, asked_after=True)])
    assert (row.told, row.late_ms, row.after_bytes) == ("-", "-", "-")
    assert row.remarks == "phase not reached (1 of 2); asked the upstream after the client had gone (1)"


def test_what_clients_saw_and_the_lies_among_it():
    (row,) = rows(
        [
            run(FAULT, **{Measure.SAW: Saw.CLEAN_END, Measure.LIE: True, "status": 200}),
            run(FAULT, **{Measure.SAW: Saw.ERROR, Measure.LIE: False, "status": 502}),
            run(FAULT, **{Measure.SAW: Saw.CLEAN_END, Measure.LIE: False, "status": 200}),
        ]
    )
    assert row.saw == "clean end (2), error answer (1) 502"
    assert row.remarks == "LIE (1 of 3)"


def test_a_reader_that_stopped():
    paused, on = run(LEAVING, stalled=True, after_bytes=1_500_000), run(LEAVING, stalled=False, after_bytes=64_000_000)
    assert rows([paused])[0].remarks == "paused after 1.5 MB"
    assert rows([paused, on])[0].remarks == "pulled on after 64.0 MB"
