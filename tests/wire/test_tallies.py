"""What counts as content in an event, and how much."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.wire.tallies import Tallies, strings

HEAD = re.compile(rb'\{"type":"(?P<text>\w+)","text":"')
PATTERNS = {b"delta": strings(text="text", tool="partial_json")}


def counted(data: bytes, name: bytes = b"delta", head: re.Pattern[bytes] | None = None) -> dict[str, tuple[int, int]]:
    tallies = Tallies(PATTERNS, head=head)
    tallies.count(name, data)
    return {kind: (tally.pieces, tally.octets) for kind, tally in tallies.of.items() if tally.pieces}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"text":"Hello"}', {"text": (1, 5)}),
        (b'{"text": "Hello"}', {"text": (1, 5)}),
        (b'{"type":"text","text":""}', {"text": (1, 0)}),
        (b'{"partial_json":"{\\"a\\":1}","text":"no"}', {"tool": (1, 9)}),
        (b'{"cited_text":"no"}', {}),
        (b'{"text":null}', {}),
        (b'{"text":"cut off', {"text": (1, 7)}),
        (b'{"text":"a backslash, cut off\\', {"text": (1, 20)}),
        (b"", {}),
    ],
)
def test_the_first_string_that_is_content_counts(data: bytes, expected: dict[str, tuple[int, int]]) -> None:
    assert counted(data) == expected


def test_an_event_that_has_no_content_counts_nothing() -> None:
    assert counted(b'{"text":"Hello"}', name=b"ping") == {}
    assert Tallies().of == {}


@given(text=st.text(max_size=30), blanks=st.integers(0, 5), ascii_only=st.booleans())
def test_the_bytes_are_those_of_the_json(text: str, blanks: int, ascii_only: bool) -> None:
    written = json.dumps(text, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    data = b'{"type":"text","text":' + written + b"}" + b" " * blanks

    assert counted(data) == counted(data, head=HEAD) == {"text": (1, len(written) - 2)}


def test_the_usual_form_has_a_head_and_any_other_has_none() -> None:
    tallies = Tallies(PATTERNS, head=HEAD)
    usual = tallies.count(b"delta", b'data: {"type":"text","text":"Hello"}', 6)
    assert usual is not None
    assert (usual.end(), usual.lastgroup) == (29, "text")
    assert tallies.count(b"delta", b'{"text":"Hello","type":"text"}') is None
    assert (tallies.of["text"].pieces, tallies.of["text"].octets) == (2, 10)
