"""The page: one file, nothing from anywhere else, useful without its script.

Its own policy lets nothing in but the style and the script that stand in it, by their hashes: text from a results file
could not become either, even if it got past the escaping.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path

from trioproxy.lab.report.blocks import Section, Timelines
from trioproxy.lab.report.html import Place, show_section
from trioproxy.lab.report.lanes import symbols
from trioproxy.lab.report.markup import Markup, Node, tag
from trioproxy.lab.report.results import Results
from trioproxy.lab.report.sections import comparison, sections

STYLE = (Path(__file__).parent / "page.css").read_text("utf-8")
SCRIPT = (Path(__file__).parent / "page.js").read_text("utf-8")


def page(first: Results, second: Results | None = None, only: Collection[str] = ()) -> str:
    """The HTML of a report on one file, or on two and how they differ."""
    parts: list[tuple[list[Section], str]] = [(sections(first, only), "")]
    if second is not None:
        parts = [([comparison(first, second)], ""), *parts, (sections(second, only, "b-"), "b:")]
    contents: list[Node] = []
    for at, (shown, prefix) in enumerate(parts):
        if second is not None and at:
            contents.append(tag("h1", f"{'AB'[at - 1]}: {(first, second)[at - 1].name}", class_="file"))
        contents.append(_parts(shown, prefix))
    title = f"{first.name} and {second.name}" if second is not None else first.name
    return _document(title, first.header.lab, [shown for shown, _ in parts], contents)


def _parts(shown: Sequence[Section], prefix: str) -> Node:
    drawn = {
        timeline.run.id
        for section in shown
        for block in section.blocks
        if isinstance(block, Timelines)
        for timeline in block.timelines
    }
    place = Place(prefix, drawn)
    return [show_section(section, place) for section in shown]


def _document(title: str, lab: str, files: Sequence[Sequence[Section]], contents: Node) -> str:
    policy = f"default-src 'none'; style-src '{_hash(STYLE)}'; script-src '{_hash(SCRIPT)}'; base-uri 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"trioproxy lab: {title}"),
        tag("style", Markup(STYLE)),
    )
    names = ("", "A:", "B:") if len(files) > 1 else ("",)
    links = [
        tag("ul", tag("li", name) if name else None, [tag("li", _link(section)) for section in shown])
        for name, shown in zip(names, files, strict=True)
    ]
    top = tag(
        "header",
        tag("p", f"trioproxy lab · {lab}", class_="kind"),
        tag("h1", title),
        tag("nav", links, aria_label="Parts of this report"),
        tag("button", "Light or dark", type="button", id="theme", hidden=True),
    )
    body = tag("body", symbols(), top, tag("main", contents), tag("script", Markup(SCRIPT)))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _link(section: Section) -> Markup:
    return tag("a", section.title, href=f"#{section.anchor}")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
