"""Tables say what the records say."""

from __future__ import annotations

import io

from rich.console import Console

from trioproxy.lab.wire.tables import draw
from trioproxy.trace.records import Figure, Header, Run, Trouble

RECORDS = [
    Header(lab="wire", command=["x"], began_at="2026-11-29T00:00:00+00:00"),
    Run(
        id="a",
        subject="tiny",
        cell={"cause": "FIN", "phase": "connected", "protocol": "h1"},
        measures={"told": True, "abort_ms": 1.5},
    ),
    Run(id="b", subject="tiny", cell={"fault": "gzip", "protocol": "h2"}, measures={"saw": "hang"}),
    Figure(
        subject="tiny", name="added latency, median", value=0.1234, unit="ms", low=0.1, high=None, n=9, note="by [x]"
    ),
    Figure(subject="tiny", name="memory of a waiting stream", value=54321.0, unit="B"),
    Figure(subject="tiny", name="rows lost or doubled", value=None, unit="rows", note="it has no ledger"),
    Trouble(subject="dead", what="has died", output="\n".join(f"line {number}" for number in range(20)) + " [bold]"),
]


def drawn() -> str:
    console = Console(file=io.StringIO(), width=200)
    draw(RECORDS, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_everything_that_was_told_is_there():
    text = drawn()
    for words in ("tiny: the client leaves", "1 of 1", "1.50 / 1.50 / 1.50", "gzip", "hang", "0.123", "54,321"):
        assert words in text, words
    assert "by [x]" in text
    assert "it has no ledger" in text


def test_a_troubles_output_is_shown_from_its_end():
    text = drawn()
    assert "dead: has died" in text
    assert "line 19 [bold]" in text
    assert "line 11\n" not in text
