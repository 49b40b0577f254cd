"""Whatever goes in as text comes out as text."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from trioproxy.lab.report.markup import Markup, seen, tag, together


class _Reader(HTMLParser):
    """What a browser would make of it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""
        self.attributes: dict[str, str | None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(), st.text())
def test_no_text_becomes_markup(text: str, value: str) -> None:
    reader = _Reader()
    reader.feed(tag("p", text, title=value).text)
    reader.close()

    assert reader.tags == ["p"]
    assert reader.text == seen(text)
    assert reader.attributes == {"title": seen(value)}


def test_an_element_has_its_attributes_and_children() -> None:
    made = tag("td", [tag("b", "x<"), None, 3], "&", class_="n", data_run="a\"'b", hidden=True, title=None, open=False)

    assert made.text == '<td class="n" data-run="a&quot;&#x27;b" hidden><b>x&lt;</b>3&amp;</td>'
    assert tag("br").text == "<br>"
    assert tag("meta", name="a").text == '<meta name="a">'
    assert together("<", Markup("<i>")).text == str(Markup("&lt;<i>"))


def test_places_in_a_picture_are_rounded() -> None:
    assert tag("rect", x=1.0, y=2.3456, width=-0.5).text == '<rect x="1" y="2.35" width="-0.5"></rect>'


def test_what_could_fool_a_reader_becomes_visible() -> None:
    assert seen("a\x1b[31m\r\nb\tc\x00\x7f") == "a\u241b[31m\nb\tc\u2400\u2421"
    assert seen("\u202etxt.exe\u2066\ufeff\x9b\ud800") == "\ufffdtxt.exe\ufffd\ufffd\ufffd\ufffd"
