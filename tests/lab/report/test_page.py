"""The page as text; what a browser makes of it is in test_page_is_readable.py and test_page_shows_*.py."""

from __future__ import annotations

import re

from support.lab_results import explore, header, leaving, wire

from trioproxy.lab.report.page import SCRIPT, STYLE, page
from trioproxy.lab.report.results import results
from trioproxy.trace.records import Run


def test_nothing_in_it_is_somewhere_else() -> None:
    text = page(results("wire.jsonl", wire()))

    assert re.findall(r"https?:|url\(|@import|<link|<iframe|<img| src=", text) == []
    assert text.startswith("<!doctype html>\n<html")
    assert text.count("<script>") == 1


def test_its_policy_lets_in_our_style_and_script_alone() -> None:
    text = page(results("wire.jsonl", [header()]))

    assert re.search(
        r"default-src &#x27;none&#x27;; style-src &#x27;sha256-[\w+/=]+&#x27;; script-src &#x27;sha256-", text
    )
    assert " style=" not in text
    assert re.findall(r" on\w+=", text) == []
    assert "</" not in STYLE
    assert "</" not in SCRIPT


def test_two_files_are_compared_and_have_their_parts_under_their_names() -> None:
    text = page(results("before.jsonl", explore()), results("after.jsonl", explore(2)))

    assert re.findall(r"<h1[^>]*>([^<]+)", text) == [
        "before.jsonl and after.jsonl",
        "A: before.jsonl",
        "B: after.jsonl",
    ]
    anchors = re.findall(r'<h2 id="([^"]+)"', text)
    assert anchors == ["comparison", "ran", "invariants", "timelines", "b-ran", "b-invariants", "b-timelines"]
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_every_link_leads_somewhere() -> None:
    text = page(results("before.jsonl", wire()), results("after.jsonl", wire(2)))
    ids = {each.replace(" ", "%20") for each in re.findall(r' id="([^"]+)"', text)}

    targets = {each.replace("%3A", ":").replace("%2F", "/") for each in re.findall(r'<a href="#([^"]+)"', text)}
    assert targets <= ids


def test_thousands_of_runs_are_a_small_page_and_one_can_be_asked_for() -> None:
    runs = [
        Run(id=str(at), subject="nginx", cell={"cause": "FIN"}, measures={"told": True, "abort_ms": 1.0 + at})
        for at in range(20_000)
    ]
    text = page(results("a", [header(), *runs, *leaving("7"), *leaving("8")]), only={"8"})

    assert len(text) < 60_000
    assert re.findall(r'<div id="run=(\d+)"', text) == ["8"]
