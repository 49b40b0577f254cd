"""Bytes as a story tells them."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from trioproxy.lab.script.toml_bytes import MOST_BYTES, body, compressed, content
from trioproxy.lab.script.toml_table import Problems, Table


def table(values: dict[str, Any]) -> Table:
    return Table(values, (), Problems("f", dict))


def unpacked(data: bytes) -> bytes:
    return zlib.decompress(data, wbits=31)


@pytest.mark.parametrize(
    ("values", "data"),
    [
        ({"send": "é"}, b"\xc3\xa9"),
        ({"send_base64": "w 6k="}, b"\xc3\xa9"),
        ({"send": "ab", "repeat": 3}, b"ababab"),
        ({"send": "abc", "bytes": 7}, b"abcabca"),
        ({"send": "", "bytes": 3}, b"   "),
        ({"send_base64": "AA==", "bytes": 1_000_000}, b"\0" * 1_000_000),
    ],
)
def test_bytes_are_told(values: dict[str, Any], data: bytes) -> None:
    told = table(values)

    assert content(told, "send") == data
    told.close()
    assert not told.problems.all()


def test_compressed_bytes() -> None:
    assert unpacked(content(table({"send": "abc", "bytes": 10_000, "gzip": True}), "send")) == (b"abc" * 3334)[:10_000]


def test_each_part_of_a_compressed_stream_can_be_read_when_it_comes() -> None:
    reader = zlib.decompressobj(wbits=31)
    parts = [b"one", b"two", b"three"]

    assert [reader.decompress(each) for each in compressed(parts)] == parts
    assert reader.eof


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"send": 3}, "send: got 3; expected text in quotes"),
        ({"send_base64": "a"}, 'send_base64: got "a"; expected base64 ('),
        ({"send_base64": "é"}, 'send_base64: got "é"; expected base64 ('),
        ({"send": "a", "repeat": 2, "bytes": 2}, "repeat: got repeat beside bytes; expected one of them"),
        ({"send": "ab", "repeat": MOST_BYTES}, f"repeat: got {MOST_BYTES} times 2 bytes; expected {MOST_BYTES} in all"),
        ({"send": "a", "bytes": MOST_BYTES + 1}, f"bytes: got {MOST_BYTES + 1}; expected a whole number from 1 to"),
    ],
)
def test_what_tells_no_bytes(values: dict[str, Any], said: str) -> None:
    told = table(values)
    content(told, "send")

    [problem] = told.problems.all()
    assert problem.startswith(f"f: line 1: {said}")


@pytest.mark.parametrize(
    ("values", "data"),
    [
        ({}, b"{}"),
        ({"body": ""}, b""),
        ({"body": "text", "body_bytes": 6}, b"textte"),
        ({"body": {"a": ["é"]}}, '{"a":["é"]}'.encode()),
        ({"body_base64": "/w=="}, b"\xff"),
    ],
)
def test_a_body(values: dict[str, Any], data: bytes) -> None:
    assert body(table(values)) == data


def test_a_body_of_json_is_made_longer_and_stays_json() -> None:
    data = body(table({"body": {"a": 1}, "body_bytes": 1000}))

    assert (len(data), json.loads(data)) == (1000, {"a": 1})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"body": 3}, "body: got 3; expected text, or a table that becomes JSON"),
        ({"body": "a", "body_base64": "AA=="}, "body_base64: got body beside body_base64; expected one of them"),
        ({"body": {"a": float("nan")}}, "body: JSON cannot say it: Out of range float values"),
        ({"body": {"a": b""}}, "body: JSON cannot say it: Object of type bytes"),
    ],
)
def test_what_is_no_body(values: dict[str, Any], said: str) -> None:
    told = table(values)
    body(told)

    [problem] = told.problems.all()
    assert problem.startswith(f"f: line 1: {said}")
