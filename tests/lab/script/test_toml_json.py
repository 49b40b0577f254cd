"""Which JSON is told as a table."""

from __future__ import annotations

import json

import pytest

from trioproxy.lab.script.toml_json import as_table


@pytest.mark.parametrize("value", [{}, {"a": 1, "b": [True, "x", 1.5, {"c": []}]}])
def test_what_comes_back_the_same(value: dict[str, object]) -> None:
    assert as_table(json.dumps(value, separators=(",", ":")).encode()) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b'{"a": 1}',
        b'{"a":null}',
        b'{"a":[null]}',
        b'{"a":1,"a":1}',
        b'{"a":1e400}',
        b'{"a":Infinity}',
        b'{"a":99999999999999999999}',
        b'{"a":"\\ud800"}',
        b'{"a":\xff}',
        b'{"a":' * 20 + b"{}" + b"}" * 20,
        b'{"a":' * 100_000,
    ],
)
def test_what_would_not(data: bytes) -> None:
    assert as_table(data) is None
