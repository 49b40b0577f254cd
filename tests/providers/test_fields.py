"""Members of somebody else's JSON, taken as they come."""

from __future__ import annotations

import pytest

from trioproxy.providers.fields import ToolNames, count, fault, parsed


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ({"type": "a", "message": "b"}, "a: b"),
        ({"code": 502, "message": "b"}, "502: b"),
        ({"code": "c"}, "c"),
        ({"message": "b" * 600}, "b" * 500),
        ("plain", "plain"),
        ("", "error"),
        (None, "error"),
        ({"type": 3, "code": [], "message": {}}, "error"),
    ],
)
def test_faults_in_one_line(value: object, line: str) -> None:
    assert fault(value) == line


def test_counts_are_whole_exact_and_not_negative() -> None:
    good = [0, 5, 5.0, "5", 2**53 - 1]
    assert [count(value) for value in good] == [0, 5, 5, 5, 2**53 - 1]
    for bad in (-1, 5.5, float("nan"), float("inf"), 2**53, "5" * 17, "x", "", True, None, [], {}):
        assert count(bad) is None


def test_deep_nesting_is_not_read() -> None:
    assert parsed(b"[" * 100_000) is None
    assert parsed(b'"\xff"') is None


def test_tool_names_are_bounded() -> None:
    tools = ToolNames()
    for number in range(1000):
        tools.add("name", key=number)
        tools.add("name", key=number)
    assert tools.names == ("name",) * 256
