"""Heat maps say in words what their colours say."""

from __future__ import annotations

import pytest

from trioproxy.lab.measures import Measure
from trioproxy.lab.report.blocks import Cell, Tone
from trioproxy.lab.report.cells import cell_facts
from trioproxy.lab.report.heat import grouped, heat_maps, level
from trioproxy.trace.records import Run, Value


def _runs(subject: str, cell: dict[str, str], *measures: dict[str, Value]) -> list[Run]:
    return [Run(id=f"{subject}{at}", subject=subject, cell=cell, measures=each) for at, each in enumerate(measures)]


def _told(*late_ms: float | None) -> list[dict[str, Value]]:
    return [{Measure.TOLD: late is not None, Measure.ABORT_MS: late} for late in late_ms]


def _only_cell(*measures: dict[str, Value]) -> Cell:
    (table,) = heat_maps(cell_facts(_runs("nginx", {"cause": "FIN"}, *measures)))
    ((cell,),) = [row.cells for row in table.rows]
    return cell


@pytest.mark.parametrize(
    ("milliseconds", "tone"),
    [(0.2, "level-0"), (1.0, "level-0"), (1.1, "level-1"), (50, "level-2"), (1000, "level-3"), (1001, "level-4")],
)
def test_the_scale_has_ten_times_as_much_at_each_step(milliseconds: float, tone: str) -> None:
    assert level(milliseconds) == tone


def test_a_cell_says_how_late_the_upstream_was_told() -> None:
    cell = _only_cell(*_told(2.0, 3.0, 40.0))

    assert (cell.text, cell.detail, cell.tone) == ("3.00 ms", "", Tone.LEVEL_1)
    assert cell.title == (
        "nginx: FIN; 3 runs; told 3 of 3 (43.9 % to 100 %); median 3.00 ms; p99 39.3 ms (from 3.00 ms); max 40.0 ms"
    )


def test_what_is_pointed_at_has_its_confidence_intervals() -> None:
    told = _only_cell(*_told(*(float(number) for number in range(1, 21))))
    lies = _only_cell(*[{Measure.SAW: "clean end", Measure.LIE: True}] * 20)
    pulled = _only_cell(
        *[{Measure.REACHED: True, Measure.STALLED: True, Measure.AFTER_BYTES: 1024 * number} for number in range(1, 21)]
    )

    assert "told 20 of 20 (83.9 % to 100 %); median 10.5 ms (6.00 ms to 15.0 ms); p99 19.8 ms" in told.title
    assert "lies 20 of 20 (83.9 % to 100 %)" in lies.title
    assert "pulled after that: median 10.5 KiB (6.00 KiB to 15.0 KiB); max 20.0 KiB" in pulled.title


def test_a_cell_says_if_it_was_not_told_each_time_or_never() -> None:
    partly, never = _only_cell(*_told(2.0, None)), _only_cell(*_told(None, None))

    assert (partly.text, partly.detail, partly.tone) == ("2.00 ms", "told 1 of 2", Tone.PARTLY)
    assert (never.text, never.detail, never.tone) == ("never", "0 of 2", Tone.NEVER)
    assert _only_cell({Measure.TOLD: True}).text == "told"


def test_a_cell_says_what_the_client_saw_and_whether_it_was_a_lie() -> None:
    lies = _only_cell(*[{Measure.SAW: "clean end", Measure.LIE: True}] * 2, {Measure.SAW: "reset", Measure.LIE: False})
    hangs = _only_cell({Measure.SAW: "hang", Measure.LIE: False})

    assert (lies.text, lies.detail, lies.alarm, lies.tone) == ("clean end", "1 reset", "⚠ 2 lies", Tone.BAD)
    assert (hangs.text, hangs.alarm, hangs.tone) == ("hang", "", Tone.LEVEL_3)
    assert _only_cell({Measure.SAW: "reset"}).tone == Tone.GOOD
    assert _only_cell({Measure.LIE: False}).text == "honest"
    assert _only_cell({Measure.LIE: True}).text == "lied to"


def test_a_cell_says_if_there_was_nobody_to_tell_or_the_phase_was_not_reached() -> None:
    asked = _only_cell(
        *[{Measure.TOLD: None, Measure.REACHED: True, Measure.ASKED_AFTER: each} for each in (True, False)]
    )
    missed = _only_cell({Measure.REACHED: False}, {Measure.REACHED: True, **_told(2.0)[0]})

    assert (asked.text, asked.alarm, asked.tone) == ("nothing to tell", "⚠ asked afterwards 1 of 2", Tone.QUIET)
    assert (missed.text, missed.alarm, missed.tone) == ("2.00 ms", "⚠ not reached 1 of 2", Tone.LEVEL_1)


def test_a_client_that_stays_and_reads_no_more_is_about_what_is_pulled_for_it() -> None:
    kept = _only_cell(
        *[{Measure.STALLED: True, Measure.TOLD: False, Measure.AFTER_BYTES: each} for each in (1024, 3072)]
    )
    pulled = _only_cell({Measure.STALLED: False, Measure.TOLD: False, Measure.AFTER_BYTES: 9 * 1024**2})

    assert (kept.text, kept.detail, kept.tone) == ("pulled 2.00 KiB", "", Tone.LEVEL_0)
    assert (pulled.text, pulled.detail, pulled.tone) == ("pulled 9.00 MiB", "went on pulling 1 of 1", Tone.LEVEL_3)
    assert _only_cell({Measure.STALLED: True, Measure.TOLD: False}).text == "stalled"
    assert _only_cell({Measure.STALLED: False, Measure.TOLD: False}).text == "went on"


def test_what_hangs_without_a_proxy_is_not_the_proxys_fault() -> None:
    hang = {Measure.SAW: "hang", Measure.LIE: False}
    runs = [
        *_runs("direct", {"fault": "silence"}, hang),
        *_runs("direct", {"fault": "reset"}, {Measure.SAW: "reset"}),
        *[run for fault in ("silence", "reset") for run in _runs("naive", {"fault": fault}, hang)],
    ]
    (table,) = heat_maps(cell_facts(runs))

    assert [[cell.tone for cell in row.cells] for row in table.rows] == [
        [Tone.LEVEL_0, Tone.LEVEL_0],
        [Tone.GOOD, Tone.LEVEL_3],
    ]


def test_rows_are_axes_and_columns_targets_and_protocols() -> None:
    runs = [
        *_runs("nginx", {"cause": "FIN", "phase": "head", "protocol": "h1"}, *_told(1.0)),
        *_runs("haproxy", {"cause": "RST", "phase": "head", "protocol": "h1"}, *_told(1.0)),
        *_runs("nginx", {"cause": "FIN", "phase": "body", "protocol": "h2"}, *_told(5.0)),
        *_runs("nginx", {"fault": "reset", "protocol": "h2"}, {Measure.SAW: "reset"}),
        *_runs("nginx", {"size": "large"}, {"speed_ms": 3.0}),
    ]

    leaving, faults = heat_maps(cell_facts(runs))

    assert leaving.corner == ("cause", "phase")
    assert [(column.group, column.label) for column in leaving.columns] == [
        ("nginx", "h1"),
        ("nginx", "h2"),
        ("haproxy", "h1"),
    ]
    assert [(row.heads, [cell.text for cell in row.cells]) for row in leaving.rows] == [
        (("FIN", "head"), ["1.00 ms", "", ""]),
        (("FIN", "body"), ["", "5.00 ms", ""]),
        (("RST", "head"), ["", "", "1.00 ms"]),
    ]
    assert faults.corner == ("fault",)
    assert leaving.legend != faults.legend


def test_what_begins_alike_stands_together() -> None:
    assert grouped([("b", "1"), ("a", "1"), ("b", "2")]) == [("b", "1"), ("b", "2"), ("a", "1")]
