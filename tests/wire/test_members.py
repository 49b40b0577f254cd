"""The member reader against a JSON decoder, for any value and any way of cutting it."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.wire.members import MemberReader, Path

PATHS: list[Path] = [("usage",), ("model",), ("choices", "*", "finish_reason"), ("choices", "*", "call", "name")]

KEYS = st.sampled_from(["usage", "model", "choices", "finish_reason", "call", "name", "data", "*", "", "é", "u" * 300])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
TRICKY = st.sampled_from(['"', "\\", '\\"', '{"usage":1}', "]", "}", ",", ":", "\\\\"])
VALUES = st.recursive(
    SCALARS | TRICKY,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


def at(value: Any, path: Path) -> list[Any]:
    """What a JSON decoder finds at `path`."""
    if not path:
        return [value]
    if path[0] == "*":
        return [found for item in value for found in at(item, path[1:])] if isinstance(value, list) else []
    return at(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else []


def reader_of(pieces: list[bytes], **options: int) -> MemberReader:
    reader = MemberReader(PATHS, **options)
    for piece in pieces:
        reader.feed(piece)
    return reader


def cut(text: bytes, places: list[int]) -> list[bytes]:
    marks = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(marks)]


@given(
    value=st.dictionaries(KEYS, VALUES, max_size=6) | VALUES,
    places=st.lists(st.integers(0, 2000), max_size=6),
    style=st.sampled_from([(None, (",", ":")), (1, (" ,", " : ")), (None, (", ", ": "))]),
)
def test_finds_what_a_decoder_finds(value: Any, places: list[int], style: tuple[int | None, tuple[str, str]]) -> None:
    # Names with escapes are not looked for, so they stay as they are here.
    text = json.dumps(value, indent=style[0], separators=style[1], ensure_ascii=False).encode()
    for pieces in (cut(text + b"\n", places), [bytes([byte]) for byte in text + b"\n"]):
        reader = reader_of(pieces)
        assert reader.complete
        for path in PATHS:
            assert [json.loads(found) for found in reader.values(*path)] == at(value, path)


@given(junk=st.lists(st.sampled_from([*b'{}[]",:\\ 1utf', *b"usage"]), max_size=60).map(bytes) | st.binary(max_size=60))
def test_never_raises_and_depends_on_no_cut(junk: bytes) -> None:
    whole = reader_of([junk])
    pieces = reader_of([bytes([byte]) for byte in junk])
    for path in PATHS:
        assert whole.values(*path) == pieces.values(*path)
    assert whole.complete == pieces.complete


@pytest.mark.parametrize("piece_bytes", [1, 3, 64, 100_000])
def test_a_value_over_the_limit_is_not_kept(piece_bytes: int) -> None:
    text = json.dumps({"usage": {"x": "y" * 500}, "model": "m", "choices": [{"finish_reason": "z" * 99}]}).encode()
    pieces = [text[i : i + piece_bytes] for i in range(0, len(text), piece_bytes)]
    reader = reader_of(pieces, max_value_bytes=100)
    assert reader.value("usage") is None
    assert reader.value("model") == b'"m"'
    assert reader.value("choices", "*", "finish_reason") is None


def test_the_last_of_equal_names_counts_and_of_many_elements_the_first_ones() -> None:
    reader = reader_of([b'{"usage":1,"usage":2,"choices":[' + b'{"finish_reason":3},' * 9 + b"{}]}"], max_values=4)
    assert reader.values("usage") == [b"2"]
    assert reader.values("choices", "*", "finish_reason") == [b"3"] * 4


def test_nothing_after_the_value_counts() -> None:
    reader = reader_of([b'{"model":"a"}{"model":"b"}'])
    assert reader.value("model") == b'"a"'


@pytest.mark.parametrize(
    "text", [b'{"usage":1 "model":2}', b'{"usage" 1,"model":2}', b'{,"usage":1,,"model":2,}', b'{["usage":1,"model":2}']
)
def test_small_faults_are_read_over(text: bytes) -> None:
    reader = reader_of([text])
    assert reader.value("usage") == b"1"
    assert reader.value("model") == b"2"


def test_memory_does_not_grow_with_the_text() -> None:
    reader = MemberReader([("usage",)])
    reader.feed(b'{"data":[')
    for _ in range(1000):
        reader.feed(b'{"embedding":[' + b"0.125," * 100 + b'1],"text":"' + b"\\" * 100 + b'"},')
    reader.feed(b'0],"usage":{"prompt_tokens":8}}')
    assert reader.value("usage") == b'{"prompt_tokens":8}'
    assert reader._piece is None
    assert len(reader._open) == 0


@pytest.mark.parametrize("text", [b"]", b"}", b"]]", b'] {"usage":1}'])
def test_what_closes_nothing_is_read_over(text: bytes) -> None:
    assert reader_of([text]).value("usage") is None
