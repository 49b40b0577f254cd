"""In a browser: what stands in tables and pictures is what the data say, worked out again by other means."""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import accumulate

import pytest
from playwright.sync_api import Locator, Page
from support.lab_results import explore, figures, wire

from trioproxy.lab.report.words import duration
from trioproxy.trace.records import Record, Run, Tally

RECORDS = wire()
Read = Callable[[Page, str], dict[tuple[str, ...], dict[tuple[str, ...], str]]]


def _runs(records: Iterable[Record] = RECORDS) -> list[Run]:
    return [each for each in records if isinstance(each, Run)]


def test_each_cell_of_the_heat_map_says_who_was_told_and_how_late(desk, table_of: Read) -> None:
    shown = table_of(desk.open(RECORDS), "Was the upstream told")

    cells = {(run.subject, *run.cell.values()) for run in _runs() if "cause" in run.cell}
    assert len(cells) == sum(len(row) for row in shown.values()) == 96
    for subject, cause, phase, protocol in cells:
        cell = {"cause": cause, "phase": phase, "protocol": protocol}
        runs = [run for run in _runs() if run.subject == subject and run.cell == cell]
        late = [run.measures["abort_ms"] for run in runs if run.measures["told"]]
        text = shown[cause, phase][subject, protocol]
        if not late:
            assert text == f"never 0 of {len(runs)}"
        else:
            partly = f" told {len(late)} of {len(runs)}" if len(late) < len(runs) else ""
            assert text == duration(statistics.median(late) / 1000) + partly


def test_each_cell_of_the_faults_says_what_was_seen_and_who_lied(desk, table_of: Read) -> None:
    shown = table_of(desk.open(RECORDS), "What the client saw")

    assert len(shown) == 4
    for (fault,), row in shown.items():
        for (subject, protocol), text in row.items():
            cell = {"fault": fault, "protocol": protocol}
            runs = [run for run in _runs() if run.subject == subject and run.cell == cell]
            lies = sum(bool(run.measures["lie"]) for run in runs)
            saw = [str(run.measures["saw"]) for run in runs]
            assert text.startswith(statistics.mode(saw))
            assert (f"⚠ {lies} lie" in text) is (lies > 0)
            assert sum(int(part.split()[0]) for part in text.split(", ") if part[0].isdigit()) <= len(runs)


def test_the_numbers_have_their_intervals(desk, table_of: Read) -> None:
    shown = table_of(desk.open(RECORDS), "The numbers of each target")

    assert shown["abort latency", "median"][("naive",)] == "58.0 ms 52.2 ms to 63.8 ms"
    assert shown["rows lost or doubled", ""][("nginx",)] == "– it keeps no ledger"
    assert sum(len(row) for row in shown.values()) == len([*figures()])


def test_a_box_plot_is_where_its_axis_says(desk) -> None:
    page = desk.open(RECORDS)
    table = page.locator("table").filter(has=page.locator("caption", has_text="all cells together"))
    low, high = 0.1, 10_000.0
    ticks = table.locator("thead .tick")
    assert [ticks.first.text_content(), ticks.last.text_content()] == [duration(low / 1000), duration(high / 1000)]
    left, right = _middle(ticks.first), _middle(ticks.last)

    def at(place: float) -> float:
        return low * (high / low) ** ((place - left) / (right - left))

    row = table.locator("tbody tr").filter(has_text="naive h1")
    told = [run for run in _runs() if run.subject == "naive" and run.measures.get("told")]
    late = [run.measures["abort_ms"] for run in told]
    # Cells weigh the same: a run weighs the less, the more there are of its cell.
    sizes = Counter(tuple(run.cell.values()) for run in told)
    weights = sorted((run.measures["abort_ms"], Fraction(1, sizes[tuple(run.cell.values())])) for run in told)
    below = list(accumulate(weight for _, weight in weights))
    box = row.locator(".box").bounding_box()
    assert box is not None
    q1, median, q3 = (weights[bisect_left(below, len(sizes) * Fraction(at, 4))][0] for at in (1, 2, 3))
    # A pixel is about 2 % of a value here.
    assert at(_middle(row.locator(".median"))) == pytest.approx(median, rel=0.05)
    assert at(box["x"]) == pytest.approx(q1, rel=0.05)
    assert at(box["x"] + box["width"]) == pytest.approx(q3, rel=0.05)
    assert at(_middle(row.locator(".max"))) == pytest.approx(max(late), rel=0.05)
    assert at(_middle(row.locator(".whisker").nth(1))) == pytest.approx(min(late), rel=0.05)
    cells = [text.strip() for text in row.locator("td.number").all_inner_texts()]
    assert [cells[0], cells[1], cells[5]] == [str(len(late)), duration(median / 1000), duration(max(late) / 1000)]


def _middle(shape: Locator) -> float:
    box = shape.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2


def test_broken_invariants_are_counted_and_lead_to_an_example(desk, table_of: Read) -> None:
    records = explore()
    page = desk.open(records)
    shown = table_of(page, "Broken invariants of each combination")

    tallies = [each for each in records if isinstance(each, Tally)]
    for (subject,), row in shown.items():
        mine = [tally for tally in tallies if tally.subject == subject]
        assert row["runs",] == f"{sum(tally.runs for tally in mine):,}"
        for invariant in ("settled exactly once", "upstream closed", "what the client got is a prefix"):
            count = sum(tally.broken[invariant] for tally in mine)
            assert row[invariant,].split()[0] == f"{count:,}"
    page.locator("td", has_text="1,8").first.locator("a").click()
    page.wait_for_selector("details.timeline[open]")
    assert page.locator("details.timeline:visible").count() == 1
    assert "breaks: upstream closed" in page.locator("details.timeline[open] summary").inner_text()


def test_a_comparison_shows_what_differs(desk, table_of: Read) -> None:
    page = desk.open(wire(1, 60), wire(2, 60, slower=3.0))
    shown = table_of(page, "Shown to differ")

    assert len(shown) == 8
    for (what, where), row in shown.items():
        assert (what, where.split(", ")[0]) == ("abort latency, median", "naive")
        assert row[("verdict: B is",)] == "▲ higher"
        assert row[("difference",)].startswith("+")
    _, cause, phase, _ = where.split(", ")
    cell = {"cause": cause, "phase": phase, "protocol": "h1"}
    for column, records in (("A", wire(1, 60)), ("B", wire(2, 60, slower=3.0))):
        late = [run.measures["abort_ms"] for run in _runs(records) if run.subject == "naive" and run.cell == cell]
        median = statistics.median(each for each in late if each is not None)
        assert row[(column,)].startswith(duration(median / 1000))
    assert "no difference shown" in page.locator("#comparison ~ details").text_content()


def test_the_same_file_twice_shows_no_difference(desk) -> None:
    page = desk.open(RECORDS, RECORDS)

    assert page.get_by_text("No difference shown.", exact=True).is_visible()
