"""The same tables as Markdown."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt
from support.lab_results import explore, header, wire

from trioproxy.lab.report.markdown import markdown, plain
from trioproxy.lab.report.results import results
from trioproxy.trace.records import Run, Trouble

HOSTILE = "<script>alert(1)</script> | [x](http://evil.test) *a* @you #1\n# no heading ![i](http://evil.test/i.png) `c`"


def test_the_tables_say_what_the_page_says() -> None:
    text = markdown(results("wire.jsonl", wire()))

    assert text.startswith("# wire.jsonl\n\n## What ran\n")
    assert "| number |  | trioproxy | naive | nginx | haproxy | litellm |" in text
    assert "| added latency | median | 210 µs (189 µs to 231 µs) | 380 µs (342 µs to 418 µs) |" in text
    assert "| cause | phase | trioproxy h1 | trioproxy h2c | trioproxy h2 | naive h1 |" in text
    assert re.search(r"^\| half-close \| head received \| .* \| never \(0 of 20\) \|", text, re.MULTILINE)
    assert "ModuleNotFoundError: No module named 'mitmproxy'" in text
    assert "- trioproxy-h1-FIN-between chunks-0: trioproxy, FIN, h1. The client left (FIN)" in text


def test_every_line_of_a_table_has_as_many_cells() -> None:
    for records in (wire(), explore()):
        lines = markdown(results("a", records)).splitlines()
        for above, below in pairwise(lines):
            if above.startswith("|") and below.startswith("|"):
                assert above.count("|") == below.count("|")


def test_two_files_have_their_comparison_first() -> None:
    text = markdown(results("a.jsonl", wire()), results("b.jsonl", wire(2, slower=9.0)))

    assert re.findall(r"^#+ .*", text, re.MULTILINE)[:4] == [
        "# a.jsonl and b.jsonl",
        "## Comparison",
        "## A: a.jsonl",
        "### What ran",
    ]
    assert "▲ higher" in text


@pytest.mark.parametrize(
    "hostile", [HOSTILE, "a | b", "<details>", "```\n<b>", "&lt;", "https://evil.test www.evil.test"]
)
def test_text_stays_text(hostile: str) -> None:
    records = [
        header(),
        Run(id=hostile, subject=hostile, cell={"cause": hostile}, measures={"told": True}),
        Trouble(subject=hostile, what=hostile, output=hostile + "\n```\n<script>"),
    ]
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown(results(hostile, records)))

    assert re.findall(r"<(?:script|a|img|em|b)\b", html) == []
    assert "## no heading" not in markdown(results(hostile, records))


def test_plain_text_is_one_line_that_shows_itself() -> None:
    assert plain("a_b\n| <c>") == r"a\_b \| \<c\>"
