"""In a browser: a page that anybody can read anywhere, and that nothing in the data can harm."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from support.lab_results import explore, header, leaving, wire

from trioproxy.trace.records import Event, Figure, Lane, Record, Run, Tally, Trouble, What

RUN = "naive-h1-FIN-between chunks-0"
RUNS = (RUN, "pump=server settle=flag/client leaves/settled exactly once")
OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true; })"

# WCAG 2.2, 1.4.3: the ratio of relative luminances, 4.5 for text of this size. What a text stands on is the nearest
# background around it; of a striped one every colour counts; of SVG the shapes below it.
CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const known = new Map();
  const rgba = color => {
    if (!known.has(color)) known.set(color, measured(color));
    return known.get(color);
  };
  const measured = color => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = color => {
    const linear = part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = rgba(color).map(each => linear(each / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const inside = (a, b) =>
    a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  const grounds = element => {
    const found = [];
    if (element.ownerSVGElement) {
      const place = element.getBoundingClientRect();
      for (const each of element.ownerSVGElement.querySelectorAll('rect')) {
        const fill = getComputedStyle(each).fill;
        if (rgba(fill)[3] && inside(place, each.getBoundingClientRect())) found.push(fill);
      }
    }
    for (let each = element; each; each = each.parentElement) {
      const style = getComputedStyle(each);
      const stripes = style.backgroundImage.match(/(?:rgba?|oklch|color)\\([^)]*\\)/g);
      if (stripes) return [...found, ...stripes];
      if (rgba(style.backgroundColor)[3]) return [...found, style.backgroundColor];
    }
    return found;
  };
  const seen = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest('script, title') || !element.checkVisibility()) continue;
    const color = getComputedStyle(element)[element.ownerSVGElement ? 'fill' : 'color'];
    const text = walker.currentNode.data.trim();
    for (const ground of grounds(element)) seen.push([text, ratio(color, ground), color, ground]);
  }
  return seen;
}"""


def _left(subject: str, late_ms: float | None) -> Run:
    measures = {"told": late_ms is not None, "abort_ms": late_ms}
    return Run(id=f"{subject}{late_ms}", subject=subject, cell={"cause": "FIN"}, measures=measures)


@pytest.fixture(scope="module")
def everything() -> list[Record]:
    """A file with all that a page can show."""
    late = {f"in {each} ms": each for each in (0.5, 5.0, 50.0, 500.0, 5000.0)} | {"at times": 1.0}
    leaving = [_left(subject, ms) for subject, ms in late.items()] + [_left("at times", None)]
    broken = Event(run=RUN, at_s=2.0, lane=Lane.PUMP, what=What.BROKEN, note="closed")
    records = [*wire(repetitions=3), *leaving, *explore()[1:], broken]
    # Timelines are alike: a few are enough.
    return [each for each in records if not isinstance(each, Event) or each.run in RUNS]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_it_stands_on(desk, everything: list[Record], scheme: str) -> None:
    page = desk.open(everything, everything, color_scheme=scheme)
    page.evaluate(OPEN_ALL)

    contrasts = page.evaluate(CONTRASTS)

    assert len(contrasts) > 1000
    assert {tuple(each) for each in contrasts if each[1] < 4.5} == set()
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(int(part) for part in paper.strip("rgb()").split(",")) > 3 * 128
    assert light is (scheme == "light")


def test_contrast_is_measured(desk) -> None:
    page = desk.open([header()])
    page.evaluate("document.querySelector('h1').style.color = '#999'")

    assert [text for text, ratio, *_ in page.evaluate(CONTRASTS) if ratio < 4.5] == ["results.jsonl"]


def test_light_and_dark_can_be_changed(desk) -> None:
    page = desk.open([header()], color_scheme="dark")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.get_by_role("button", name="Light or dark").click()

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == before


@pytest.mark.parametrize("width", [400, 320])
def test_a_narrow_window_scrolls_tables_and_not_the_page(desk, everything: list[Record], width: int) -> None:
    page = desk.open(everything, everything, width=width)
    page.evaluate(OPEN_ALL)

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("[...document.querySelectorAll('.scroll')].some(each => each.scrollWidth > each.clientWidth)")


def test_the_page_says_everything_without_its_script(desk, everything: list[Record]) -> None:
    texts = []
    for script in (True, False):
        page = desk.open(everything, java_script_enabled=script)
        texts.append(page.locator("main").text_content())
        expect(page.locator("#theme")).to_be_visible(visible=script)

    assert texts[0] == texts[1]


def test_on_paper_there_is_nothing_to_press(desk, everything: list[Record]) -> None:
    page = desk.open(everything, color_scheme="dark")
    page.emulate_media(media="print")

    expect(page.locator("form.chooser")).to_be_hidden()
    expect(page.locator("#theme")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 29, 33)"


HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "</style><img src=x onerror=alert(3)>",
    '"><svg onload=alert(4)>',
    "' onmouseover='alert(5)",
    "javascript:alert(6)",
    "</title><iframe src='https://evil.test/'></iframe>",
    "<!--",
    "\x00\x1b[31m\u202e",
)


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_what_stands_in_the_data_is_text(desk, hostile: str) -> None:
    cell = {hostile: hostile, "protocol": hostile}
    measures = {"told": True, "abort_ms": 1.0, "saw": hostile, "lie": True, hostile: 3.0}
    run = Run(
        id=hostile,
        subject=hostile,
        cell=cell,
        measures=measures,
        broken=[hostile],
        repeat=hostile,
        script=hostile,
    )
    event = Event(run=hostile, at_s=3.0, lane=Lane.CLIENT, what=What.LEFT, note=hostile, data=hostile.encode())
    records: list[Record] = [
        header(hostile, [hostile]),
        run,
        *leaving(hostile),
        event,
        Tally(
            subject=hostile, cell=cell, runs=1, broken={hostile: 1}, examples={hostile: hostile}, counts={hostile: 1}
        ),
        Figure(subject=hostile, name=hostile, value=1.0, unit=hostile, note=hostile),
        Trouble(subject=hostile, what=hostile, output=hostile),
    ]
    page = desk.open(records, records)
    page.evaluate(OPEN_ALL)

    elements = set(page.evaluate("[...document.querySelectorAll('*')].map(each => each.localName)"))
    assert elements.isdisjoint({"iframe", "img", "object", "embed", "base", "a:script"})
    assert page.evaluate("document.scripts.length") == 1
    handlers = (
        "[...document.querySelectorAll('*')].flatMap(each => [...each.attributes]).filter(a => a.name.startsWith('on'))"
    )
    assert page.evaluate(f"{handlers}.length") == 0
    links = page.evaluate("[...document.links].map(each => each.getAttribute('href'))")
    assert all(link.startswith("#") for link in links)
    if hostile.isprintable():
        expect(page.locator("figure pre", has_text=hostile).last).to_be_visible()
    # Its link still leads to it.
    page.locator("section[aria-labelledby=invariants] td a").first.click()
    expect(page.locator("details.timeline[open]:visible").first).to_be_visible()
