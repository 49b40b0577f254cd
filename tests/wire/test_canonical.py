"""One text for one value, whoever wrote it."""

from __future__ import annotations

import json
import math
import random
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.captures import captured
from support.handwriting import HANDS, TEXTS, VALUES, Literal, meaning, written

from trioproxy.wire.canonical import CAREFULLY_BYTES, canonical, digest, number, parse, read


def text_of(body: bytes) -> bytes:
    return canonical(parse(body))


@given(VALUES, HANDS)
def test_order_white_space_and_escapes_make_no_difference(value: Any, hand: random.Random) -> None:
    assert text_of(written(value, hand)) == text_of(written(value))


@given(VALUES, VALUES, HANDS)
@example([Literal("1")], [Literal("1.0")], random.Random(1))
@example([Literal("0")], [Literal("-0")], random.Random(1))
@example({"a": Literal("1e400")}, {"a": Literal("1e401")}, random.Random(1))
@example({"a": None}, {}, random.Random(1))
@example([True], [Literal("1")], random.Random(1))
def test_different_values_have_different_texts(one: Any, other: Any, hand: random.Random) -> None:
    if one is not None and other is not None:  # nobody can tell `null` from what is not JSON
        assert (text_of(written(one)) == text_of(written(other, hand))) == (meaning(one) == meaning(other))


@given(VALUES, HANDS)
def test_the_text_is_json_that_says_the_same_in_its_shortest_form(value: Any, hand: random.Random) -> None:
    body = written(value, hand)
    text = text_of(body)
    assert json.loads(text) == json.loads(body)
    assert text_of(text) == text
    assert len(text) == len(written(value))


def test_members_are_sorted_at_every_depth() -> None:
    body = b' {"b": [{"d": -0, "c": 1E5}], "a": {"\\u00e9": "\\/", "e": 12345678901234567890123}} '
    assert text_of(body) == '{"a":{"e":12345678901234567890123,"é":"/"},"b":[{"c":1E5,"d":-0}]}'.encode()


@given(TEXTS, VALUES, VALUES, HANDS, st.booleans(), st.integers(0, 3))
@example("a", "x:y", None, random.Random(1), True, 0)  # the colon of the one member in the text of the other
def test_a_name_that_occurs_twice_has_no_meaning(
    name: str, one: Any, other: Any, hand: random.Random, apart: bool, depth: int
) -> None:
    first, second = (written({name: each}, hand).strip()[1:-1] for each in (one, other))
    between = b',"' + name.encode("unicode_escape").hex().encode() + b'_":1,' if apart else b","
    body = b'{"z":[' * depth + b"{" + first + between + second + b"}" + b"]}" * depth
    json.loads(body)  # it is JSON
    assert parse(body) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"\\u003a","a":1}',  # an escaped colon stands for the one that is lost
        b'{"a":1,"\\u0061":1}',
        b'{"a":[{"b":1,"c":2, "b":1}]}',
    ],
)
def test_names_that_are_hard_to_see_twice(body: bytes) -> None:
    assert parse(body) is None


@pytest.mark.parametrize(
    "body", [b'{"a":"\\u003a"}', b'{"a":"\\u003A", "\\u003a":":"}', b'{"a":[-0,"-0"] }', b'{"a": "-0", "b": "\\u003c"}']
)
def test_what_only_looks_suspicious_is_read(body: bytes) -> None:
    assert json.loads(text_of(body)) == json.loads(body)


TOO_DEEP = [b"[" * 100_000, b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000]
NO_UNICODE = [b'"\xff"', b'"\\ud800"', b"\xef\xbb\xbf1"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nul", b"NaN", b"[1,]", b"01", b'{"a":1} x', b"1" * 5000, *NO_UNICODE, *TOO_DEEP],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_value(body: bytes) -> None:
    assert parse(body) is None


@given(st.binary(max_size=60) | st.lists(st.sampled_from([*b'{}[]",:\\ 10-.eu3a']), max_size=40).map(bytes))
def test_junk_is_never_an_exception(junk: bytes) -> None:
    value = parse(junk)
    if value is not None:
        assert json.loads(canonical(value)) == json.loads(junk)


def digest_of(body: bytes, *apart: str) -> bytes:
    found = read(body, frozenset(apart))
    assert found is not None
    return found.digest


@given(VALUES, VALUES, HANDS)
@example({"a": None}, {}, random.Random(1))
def test_a_digest_tells_what_the_text_tells(one: Any, other: Any, hand: random.Random) -> None:
    same = text_of(written(one)) == text_of(written(other))
    assert (digest_of(written(one, hand)) == digest_of(written(other))) == same
    assert digest_of(written(one, hand)) == digest(parse(written(one)))


@given(st.dictionaries(st.sampled_from("abcd"), VALUES), st.sets(st.sampled_from("abcde")), HANDS)
@example({"a": 1}, {"a"}, random.Random(1))
@example({}, {"a"}, random.Random(1))
def test_members_that_are_set_apart_make_no_difference(value: Any, apart: set[str], hand: random.Random) -> None:
    rest = {name: each for name, each in value.items() if name not in apart}
    assert digest_of(written(value, hand), *apart) == digest_of(written(rest))
    found, whole = read(written(value), frozenset(apart)), read(written(value))
    assert found is not None
    assert whole is not None
    assert found.shortest == whole.shortest  # their lengths count all the same


LENGTHS = [0, 1, 63, 64, 65, 128, 129, 300]


@pytest.mark.parametrize("length", LENGTHS)
def test_every_element_of_a_long_array_counts(length: int) -> None:
    items: list[Any] = [{"b": number, "a": ["x" * number, None]} for number in range(length)]
    body = json.dumps({"m": items, "n": [items], "o": 1}, separators=(",", ":"), sort_keys=True).encode()
    found = read(body)
    assert found is not None
    assert found.shortest  # the length of the text was counted right
    others = [{"m": [*items[:at], *items[at + 1 :]], "n": [items], "o": 1} for at in range(length)]
    others += [{"m": items, "n": [items], "o": 2}, {"m": [items], "n": items, "o": 1}, {"n": [items], "o": 1}]
    others += [{"m": [*items, 7], "n": [items], "o": 1}]
    digests = [digest(other) for other in others if other != found.value]
    assert found.digest not in digests
    assert len(set(digests)) == len(digests)


def test_which_of_two_members_is_long_makes_a_difference() -> None:
    long = list(range(100))
    texts = [{"a": long, "b": []}, {"a": [], "b": long}, {"a": long}, {"b": long}, {"a": long, "b": long}]
    assert len({digest(value) for value in texts}) == len(texts)


def test_a_digest_is_no_text_s_that_says_the_same_in_pieces() -> None:
    long = list(range(100))
    assert digest({"a": long, "b": 1}) != sha256(canonical({"a": long, "b": 1})).digest()
    assert digest({"b": 1}) == sha256(b'{"b":1}').digest()
    assert digest("x" * 5000) == sha256(b'"' + b"x" * 5000 + b'"').digest()


@pytest.mark.parametrize(
    ("body", "shortest"),
    [
        (b'{"b":1,"a":[2.0,"\xc3\xa9\\n"]}', True),
        (b'{"b": 1}', False),
        (b'{"b":"\\u0063"}', False),
        (b'{"b":"\\/"}', False),
        (b"[1]", True),
    ],
)
def test_whether_it_was_written_as_shortly_as_it_can_be(body: bytes, shortest: bool) -> None:
    found = read(body)
    assert found is not None
    assert found.shortest is shortest


def test_nothing_of_it_shows() -> None:
    assert "secret" not in repr(read(b'{"a":"secret"}'))


def test_of_very_many_members_none_is_named_twice() -> None:
    many = {f"n{number}": number for number in range(2_000)}
    assert parse(json.dumps(many).encode()) == many
    assert parse(json.dumps(many).encode()[:-1] + b',"n0":0}') is None


def test_what_has_to_be_read_carefully_is_read_up_to_a_size() -> None:
    pad = b" " * CAREFULLY_BYTES
    assert parse(b'{"a":-0}') is not None
    assert parse(b'{"a":-0' + pad + b"}") is None
    assert parse(b'{"a":0' + pad + b"}") == {"a": 0}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"1", 1.0),
        (b"0", 0.0),
        (b"-0", 0.0),
        (b" -0 ", 0.0),
        (b"0e5", 0.0),
        (b"0.70", 0.7),
        (b"-1E2", -100.0),
        (b"1e400", math.inf),
        (b"1" * 400, math.inf),
        (b"-" + b"1" * 400, -math.inf),
        (b"true", None),
        (b"null", None),
        (b'"1"', None),
        (b"[1]", None),
    ],
)
def test_numbers_are_read(body: bytes, expected: float | None) -> None:
    assert number(parse(body)) == expected


def test_the_literal_of_a_number_stays() -> None:
    value = parse(b'{"temperature":0.70}')
    assert isinstance(value, dict)
    assert bytes(value["temperature"]) == b"0.70"
    assert isinstance(value["temperature"], msgspec.Raw)


@pytest.mark.parametrize("name", ["claude_code", "claude_code_old", "codex", "codex_gpt5", "openai_sdk_chat"])
def test_real_requests_are_read(name: str) -> None:
    body = captured(name).body
    value = parse(body)
    assert value == json.loads(body)
    assert json.loads(canonical(value)) == value
