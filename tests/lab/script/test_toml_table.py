"""Values out of tables: each kind, what is said of what is not one, and that one goes on."""

from __future__ import annotations

from typing import Any

import pytest

from trioproxy.lab.script import Framing
from trioproxy.lab.script.toml_table import Problems, Table


def table(values: dict[str, Any]) -> Table:
    return Table(values, ("up",), Problems("f", lambda: {("up",): 7, ("up", "k"): 8}))


def said(each: Table) -> list[str]:
    return each.problems.all()


def test_what_is_right_is_handed_out() -> None:
    right = table({"t": "x", "s": 1, "c": 3, "f": True, "e": "close", "d": True})

    assert (right.text("t"), right.seconds("s"), right.count("c"), right.flag("f")) == ("x", 1.0, 3, True)
    assert right.choice("e", Framing) is Framing.CLOSE
    right.done("d")
    right.close()
    assert said(right) == []


def test_what_is_not_there_is_none() -> None:
    empty = table({})

    assert (empty.text("k"), empty.count("k"), empty.choice("k", Framing), empty.headers()) == (None, None, None, ())
    assert (empty.seconds("k"), empty.flag("k"), list(empty.tables("k"))) == (0.0, False, [])
    empty.done("k")
    assert said(empty) == []


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("text", 3, "got 3; expected text in quotes"),
        ("seconds", -0.5, "got -0.5; expected seconds, a number from 0, such as 0.5"),
        ("seconds", float("inf"), "got inf; expected seconds, a number from 0, such as 0.5"),
        ("seconds", float("nan"), "got nan; expected seconds, a number from 0, such as 0.5"),
        ("seconds", True, "got true; expected seconds, a number from 0, such as 0.5"),
        ("seconds", 2**63, "got a number of more than 64 bits; expected seconds, a number from 0, such as 0.5"),
        ("count", 0, "got 0; expected a whole number from 1"),
        ("count", True, "got true; expected a whole number from 1"),
        ("count", 1.0, "got 1.0; expected a whole number from 1"),
        pytest.param("count", 16**9999, "got a number of more than 64 bits; expected a whole number from 1", id="huge"),
        ("flag", 1, "got 1; expected true or false"),
        ("done", False, "got false; expected true"),
        ("headers", "a: b", 'got "a: b"; expected a table such as { x-name = "value" }'),
        ("headers", {"a b": "c"}, 'got "a b" for a header\'s name; expected letters, digits and hyphens'),
        ("headers", {"a": "b\n"}, 'got "b\\n" as the value of a; expected text of one line'),
        ("headers", {"a": [1]}, "got 1 as the value of a; expected text of one line"),
        ("headers", {"a": "☃"}, 'got "☃" as the value of a; expected characters up to U+00FF (a byte each)'),
        ("headers", [["a"]], 'got an array; expected a table such as { x-name = "value" }'),
    ],
)
def test_what_is_wrong_is_said(kind: str, value: object, words: str) -> None:
    wrong = table({"k": value})
    getattr(wrong, kind)("k")

    assert said(wrong) == [f"f: line 8: up.k: {words}"]


def test_words_that_are_close_are_suggested() -> None:
    wrong = table({"k": "Chunk"})

    assert wrong.choice("k", Framing) is None
    words = 'got "Chunk" (did you mean "chunked"?); expected one of: "chunked", "length", "close", "none"'
    assert said(wrong) == [f"f: line 8: up.k: {words}"]


def test_headers_in_every_way() -> None:
    told = table({"a": {"X": "1", "y": ["2", "3é"]}, "b": [["X", "1"], ["x", "2"]]})

    assert told.headers("a") == ((b"X", b"1"), (b"y", b"2"), (b"y", b"3\xe9"))
    assert told.headers("b") == ((b"X", b"1"), (b"x", b"2"))


def test_one_of_several_keys() -> None:
    both = table({"a": 1, "b": 1})

    assert both.one_of(("a", "b", "c"), "a deed") is None
    assert both.one_of(("c", "d"), "a deed") is None
    assert both.one_of(("c", "b"), "a deed") == "b"
    assert said(both) == [
        "f: line 7: up.b: got a and b; expected a deed: one of a, b, c",
        "f: line 7: up: got nothing; expected a deed: one of c, d",
    ]


def test_tables_in_an_array() -> None:
    wrong = table({"k": [{"a": 1}, 2, {"b": 3}], "l": {}})

    assert [each.path for each in wrong.tables("k")] == [("up", "k", 0), ("up", "k", 2)]
    assert list(wrong.tables("l")) == []
    assert said(wrong) == [
        "f: line 7: up.l: got a table; expected an array of tables",
        "f: line 8: up.k[1]: got 2; expected a table in braces",
    ]


def test_keys_that_nobody_asked_for() -> None:
    wrong = table({"afte": 1, "zzz": 1})
    wrong.known("after", "send")
    wrong.close()

    assert said(wrong) == [
        "f: line 7: up.afte: unknown key; did you mean after?",
        "f: line 7: up.zzz: unknown key; expected one of: after, send",
    ]
