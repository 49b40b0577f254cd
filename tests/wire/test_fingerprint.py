"""Requests are the same or not: nothing but what a list names is overlooked."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trioproxy.model import RawHeaders
from trioproxy.wire.fingerprint import TRANSPORT, counting, fingerprint
from trioproxy.wire.headers import HOP_BY_HOP

KEY = bytes(range(32))
VOLATILE = frozenset({b"user-agent", b"x-request-id"})
COUNTS = counting(VOLATILE, (b"x-stainless-",))
SECRET = b"Bearer sk-ant-0123456789"

ASKED: dict[str, Any] = {
    "provider": "anthropic",
    "method": "POST",
    "target": b"/v1/messages?beta=true",
    "headers": ((b"authorization", SECRET), (b"anthropic-beta", b"a"), (b"anthropic-beta", b"b"), (b"accept", b"*/*")),
    "body": b'{"a":1}',
}

NAMES = st.sampled_from([b"accept", b"anthropic-beta", b"authorization", b"x-api-key", b"cookie", b"x-unknown", b""])
HEADERS = st.lists(st.tuples(NAMES, st.binary(max_size=3)), max_size=5).map(tuple)
PARTS = st.fixed_dictionaries(
    {
        "provider": st.sampled_from(["anthropic", "openai", "a"]),
        "method": st.sampled_from(["POST", "POS", "PUT"]),
        "target": st.binary(max_size=3),
        "headers": HEADERS,
        "body": st.binary(max_size=3),
    }
)
OVERLOOKED = st.sampled_from(
    sorted(
        TRANSPORT
        | {b"user-agent", b"x-request-id", b"x-stainless-lang", b"x-stainless-retry-count", b"x-trioproxy-reuse"}
    )
)


def of(key: bytes = KEY, **changed: Any) -> bytes:
    return fingerprint(key, **{**ASKED, **changed}, counts=COUNTS)


def meaning(asked: dict[str, Any]) -> dict[str, Any]:
    """When two requests are the same, said apart from the code under test."""
    values: dict[bytes, list[bytes]] = {}
    for name, value in asked["headers"]:
        values.setdefault(name, []).append(value)
    return {**asked, "headers": values}


@given(PARTS, PARTS)
def test_equal_for_what_is_the_same_and_for_nothing_else(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (of(**one) == of(**other)) == (meaning(one) == meaning(other))


@given(PARTS, st.sampled_from([*ASKED]), PARTS)
def test_each_part_counts(asked: dict[str, Any], part: str, other: dict[str, Any]) -> None:
    changed = {**asked, part: other[part]}
    assume(meaning(changed) != meaning(asked))
    assert of(**changed) != of(**asked)


@given(HEADERS, st.randoms(use_true_random=False), st.lists(st.tuples(OVERLOOKED, st.binary(max_size=3)), max_size=5))
def test_order_of_names_and_what_is_volatile_make_no_difference(
    headers: RawHeaders, hand: random.Random, overlooked: list[tuple[bytes, bytes]]
) -> None:
    names = [name for name, _ in headers]
    hand.shuffle(names)
    values = {name: iter([value for key, value in headers if key == name]) for name in names}
    shuffled = [(name, next(values[name])) for name in names]
    for pair in overlooked:
        shuffled.insert(hand.randrange(len(shuffled) + 1), pair)
    assert of(headers=tuple(shuffled)) == of(headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        ASKED["headers"][1:],
        (*ASKED["headers"], (b"x-org", b"1")),
        ((b"authorization", SECRET + b"0"), *ASKED["headers"][1:]),
        ((b"x-api-key", SECRET), *ASKED["headers"][1:]),
        (*ASKED["headers"], (b"proxy-authorization", b"Basic 1")),
        (*ASKED["headers"], (b"cookie", b"a=1")),
        (ASKED["headers"][0], ASKED["headers"][2], ASKED["headers"][1], ASKED["headers"][3]),
        (*ASKED["headers"][:3], (b"accept", b"text/event-stream")),
    ],
    ids=["no key", "unknown", "other key", "elsewhere", "to us", "cookie", "order of one name", "accept"],
)
def test_another_header_is_another_request(headers: RawHeaders) -> None:
    assert of(headers=headers) != of()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"provider": "ab", "method": "c"}, {"provider": "a", "method": "bc"}),
        ({"method": "ab", "target": b"c"}, {"method": "a", "target": b"bc"}),
        ({"target": b"ab", "headers": ((b"c", b""),)}, {"target": b"a", "headers": ((b"bc", b""),)}),
        ({"headers": ((b"ab", b"c"),)}, {"headers": ((b"a", b"bc"),)}),
        ({"headers": ((b"a", b"bc"), (b"d", b""))}, {"headers": ((b"a", b"b"), (b"cd", b""))}),
        ({"headers": ((b"a", b"bc"),), "body": b"d"}, {"headers": ((b"a", b"b"),), "body": b"cd"}),
    ],
)
def test_no_byte_can_change_sides(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert of(**one) != of(**other)


def test_no_header_can_pass_for_a_part_of_the_body() -> None:
    beside = of(headers=((b"a", b"b"),), body=b"")
    assert of(headers=(), body=msgspec.msgpack.encode([(b"a", b"b")])) != beside


def test_whoever_authenticates_with_us_counts_and_no_other_hop() -> None:
    for name in HOP_BY_HOP:
        same = of(headers=(*ASKED["headers"], (name, b"1"))) == of()
        assert same == (name != b"proxy-authorization")


def test_another_process_has_other_fingerprints_and_none_shows_a_secret() -> None:
    assert len(of()) == 32
    assert of(key=bytes(32)) != of()
    assert SECRET not in of()
