"""In a browser: a run is chosen, and its lanes show its events in their order; also without the script."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from support.lab_results import explore, leaving, wire

from trioproxy.lab.report.timeline import label
from trioproxy.trace.records import Event, Lane, Record, Run, What

RUN = "naive-h1-FIN-between chunks-0"
OTHER = "nginx-h2-RST-between chunks-0"


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return wire(repetitions=3)


def _events(records: list[Record], run: str) -> list[Event]:
    found = [each for each in records if isinstance(each, Event) and each.run == run]
    return sorted(found, key=lambda event: event.at_s)


def _check(page: Page, events: list[Event]) -> None:
    """The one open timeline shows `events`, but for chunks that were put together."""
    lanes = page.locator("details.timeline[open] svg.lanes")
    expect(lanes).to_have_count(1)
    shown = lanes.locator("[data-what]").evaluate_all(
        """all => all.map(each => {
            const mark = each.querySelector('use').getBoundingClientRect();
            const words = [...each.querySelector('text:not(.time)').childNodes].map(line => line.textContent).join(' ');
            return [each.classList[0], words, mark.x, mark.y];
        })"""
    )
    wanted = [event for event in events if event.what is not What.BYTES]
    assert [(lane, text) for lane, text, _, _ in shown] == [(event.lane.value, label(event)) for event in wanted]
    heights = [y for _, _, _, y in shown]
    assert heights == sorted(heights)
    heads = lanes.locator(".lane-name").evaluate_all(
        "all => all.map(t => [t.textContent, t.getBoundingClientRect().x])"
    )
    assert [name for name, _ in heads] == [lane.value for lane in Lane]
    for lane, _, x, _ in shown:
        # Its mark is below the name of its lane.
        assert abs(x - dict(heads)[lane]) < 20


def test_a_run_is_chosen_from_the_list(desk, records: list[Record]) -> None:
    page = desk.open(records)
    expect(page.locator("details.timeline:visible")).to_have_count(24)

    page.get_by_label("Run", exact=True).select_option(RUN)

    expect(page.locator("details.timeline:visible")).to_have_count(1)
    _check(page, _events(records, RUN))
    assert page.url.endswith(f"#run={quote(RUN)}")
    page.get_by_role("button", name="next").click()
    assert page.get_by_label("Run", exact=True).input_value() == "naive-h1-RST-between chunks-0"
    page.get_by_label("Run", exact=True).select_option("")
    expect(page.locator("details.timeline:visible")).to_have_count(24)


def test_runs_are_found_by_words(desk, records: list[Record]) -> None:
    page = desk.open(records)

    page.get_by_label("Show only runs with").fill("NGINX rst")

    expect(page.locator("details.timeline:visible")).to_have_count(2)
    page.get_by_role("button", name="previous").click()
    _check(page, _events(records, OTHER))


@pytest.mark.parametrize("script", [True, False])
def test_an_address_opens_its_run(desk, records: list[Record], script: bool) -> None:
    page = desk.open(records, address=f"run={quote(OTHER)}", java_script_enabled=script)

    expect(page.locator("details.timeline[open]")).to_have_count(1)
    expect(page.locator("details.timeline:visible")).to_have_count(1 if script else 24)
    expect(page.locator("form.chooser")).to_be_visible(visible=script)
    if script:
        _check(page, _events(records, OTHER))
    else:
        expect(page.locator("details.timeline[open] svg.lanes")).to_be_visible()


def test_a_cell_leads_to_a_run_of_its_own_file(desk) -> None:
    page = desk.open(explore(), explore(2))

    page.locator("section[aria-labelledby=b-invariants] td a").first.click()

    expect(page.locator("details.timeline[open]:visible")).to_have_count(1)
    assert page.locator("details.timeline[open]").get_attribute("data-run").startswith("b:")


def test_a_timeline_is_opened_with_the_keyboard(desk, records: list[Record]) -> None:
    page = desk.open(records)
    page.locator("form.chooser button").last.focus()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("details.timeline").first).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    # What scrolls can be reached, to be scrolled with the arrows.
    assert page.evaluate("document.activeElement.className") == "scroll"


def test_chunks_that_were_put_together_are_counted(desk, records: list[Record]) -> None:
    page = desk.open(records, address=f"run={quote(RUN)}")

    chunks = [each for each in _events(records, RUN) if each.what is What.BYTES and each.lane is Lane.CLIENT]
    shown = page.locator("details.timeline[open] .burst g.client").text_content()
    assert shown.startswith(f"{len(chunks)} × bytes")


def test_two_clients_have_a_lane_each(desk, records: list[Record]) -> None:
    events = [*leaving("two"), Event(run="two", at_s=1.3, lane=Lane.CLIENT, what=What.REQUEST, who=1)]
    page = desk.open([records[0], Run(id="two", subject="nginx", cell={}), *events], address="run=two")

    names = page.locator("details.timeline[open] .lane-name").all_text_contents()
    assert names == ["client 0", "client 1", "seat", "pump", "upstream", "settle"]
