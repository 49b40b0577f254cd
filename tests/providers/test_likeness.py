"""What of a body is compared, and what is read off it besides."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import captured
from support.handwriting import HANDS, TEXTS, VALUES, meaning, written
from support.speakers import CHAT, EMBEDDINGS, MESSAGES, RESPONSES

from trioproxy.providers.base import Operation
from trioproxy.providers.likeness import (
    hands_over_tool_results,
    keeps_history,
    likeness,
    read_to_compare,
    samples,
)
from trioproxy.providers.volatile import MEMBERS, SELF_CONTAINED_ITEMS
from trioproxy.wire.canonical import Json, canonical, digest, parse

OPERATIONS = st.sampled_from([MESSAGES, CHAT, RESPONSES, EMBEDDINGS])
# More often than by chance: members that do not count somewhere, and their neighbours.
NAMES = st.sampled_from(
    ["model", "metadata", "client_metadata", "prompt_cache_key", "user", "store", "input", "messages", "id", "stream"]
)
ASKED = st.dictionaries(NAMES | TEXTS, VALUES, max_size=6)
ITEM_TYPES: st.SearchStrategy[Any] = st.sampled_from(
    [*sorted(SELF_CONTAINED_ITEMS), "item_reference", "reasoning", "", None, [], {}]
)
ITEMS = st.fixed_dictionaries({"type": ITEM_TYPES}, optional={"id": TEXTS, "content": VALUES}) | VALUES


def found(operation: Operation, body: bytes) -> Json:
    body_read = read_to_compare(operation.kind, body)
    assert body_read is not None
    return body_read


def of(operation: Operation, asked: Any, hand: random.Random | None = None) -> bytes:
    return likeness(operation.kind, found(operation, written(asked, hand)))


def lasting(operation: Operation, asked: dict[str, Any]) -> Any:
    """What counts, said apart from the code under test."""
    volatile = MEMBERS.get(operation.kind, frozenset())
    kept = {name: each for name, each in asked.items() if name not in volatile}
    if operation is RESPONSES and isinstance(kept.get("input"), list):
        kept["input"] = [
            {name: each for name, each in item.items() if name != "id"}
            if isinstance(item, dict) and item.get("type") in sorted(SELF_CONTAINED_ITEMS)
            else item
            for item in kept["input"]
        ]
    return meaning(kept)


@given(OPERATIONS, ASKED, HANDS, st.data())
def test_what_is_volatile_makes_no_difference(
    operation: Operation, asked: dict[str, Any], hand: random.Random, data: st.DataObject
) -> None:
    names = MEMBERS.get(operation.kind, frozenset())
    more = {name: data.draw(VALUES) for name in names if data.draw(st.booleans())}
    less = {name: each for name, each in asked.items() if name not in names or data.draw(st.booleans())}
    assert of(operation, {**asked, **more}, hand) == of(operation, less)


@given(OPERATIONS, ASKED, NAMES | TEXTS, VALUES, HANDS)
def test_any_other_member_makes_one(
    operation: Operation, asked: dict[str, Any], name: str, value: Any, hand: random.Random
) -> None:
    changed = {**asked, name: value}
    assert (of(operation, changed, hand) == of(operation, asked)) == (
        lasting(operation, changed) == lasting(operation, asked)
    )


@given(st.lists(ITEMS, max_size=4), st.lists(ITEMS, max_size=4), HANDS)
def test_the_id_of_an_item_counts_where_it_is_what_the_item_says(
    one: list[Any], other: list[Any], hand: random.Random
) -> None:
    same = lasting(RESPONSES, {"input": one}) == lasting(RESPONSES, {"input": other})
    assert (of(RESPONSES, {"input": one}, hand) == of(RESPONSES, {"input": other})) == same


def test_an_id_goes_only_from_items_that_say_everything_themselves() -> None:
    def asked(kind: str, number: int) -> bytes:
        return of(RESPONSES, {"input": [{"type": kind, "id": f"id_{number}"}]})

    assert asked("message", 1) == asked("message", 2)
    assert asked("item_reference", 1) != asked("item_reference", 2)
    assert asked("reasoning", 1) != asked("reasoning", 2)


@given(OPERATIONS, ASKED, st.lists(ITEMS, max_size=4))
def test_the_value_is_left_as_it_is(operation: Operation, asked: dict[str, Any], items: list[Any]) -> None:
    body = found(operation, written({**asked, "input": items}))
    before = copy.deepcopy(canonical(body.value))
    likeness(operation.kind, body)
    assert canonical(body.value) == before


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"7", b"[{}]"])
def test_what_is_no_object_is_compared_whole(body: bytes) -> None:
    assert likeness(RESPONSES.kind, found(RESPONSES, body)) == digest(parse(body))


def test_no_input_is_not_an_input_that_is_null() -> None:
    assert len({of(RESPONSES, asked) for asked in ({}, {"input": None}, {"input": []}, {"input": "text"})}) == 4


def test_the_prompt_does_not_show() -> None:
    assert b"secret" not in of(MESSAGES, {"system": "secret"})


@pytest.mark.parametrize(
    ("members", "sampled"),
    [
        ("", False),
        ('"temperature":0', False),
        ('"temperature":0.0', False),
        ('"temperature":-0', False),
        ('"temperature":0e1', False),
        ('"temperature":null', False),
        ('"temperature":1', True),
        ('"temperature":0.7', True),
        ('"temperature":1e-9', True),
        ('"temperature":"0.7"', True),
        ('"temperature":true', True),
        ('"top_p":0', False),
        ('"top_p":null', False),
        ('"top_p":1', True),
        ('"temperature":0,"top_p":0.9', True),
        ('"n":1', False),
        ('"n":1.0', False),
        ('"n":0', False),
        ('"n":null', False),
        ('"n":2', True),
        ('"n":1.5', True),
        ('"n":"2"', True),
        ('"seed":null', False),
        ('"seed":0', True),
        ('"seed":7', True),
        ('"generation":{"temperature":1}', False),
    ],
)
def test_a_request_that_samples_itself(members: str, sampled: bool) -> None:
    value = parse(b"{%b}" % members.encode())
    assert samples(value) is sampled


def user(*kinds: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": kind} for kind in kinds]}


SYSTEM, MODEL, TOOL = {"role": "system", "content": "s"}, {"role": "assistant", "content": "a"}, {"role": "tool"}
CALLED, CALL = {"type": "function_call_output"}, {"type": "function_call"}


@pytest.mark.parametrize(
    ("operation", "turns", "only_results"),
    [
        (MESSAGES, [user("tool_result")], True),
        (MESSAGES, [user("text"), MODEL, user("tool_result", "tool_result")], True),
        (MESSAGES, [user("tool_result"), SYSTEM], True),
        (MESSAGES, [user("tool_result"), MODEL], True),
        (MESSAGES, [user("tool_result"), MODEL, user("text")], False),
        (MESSAGES, [user("tool_result", "text")], False),
        (MESSAGES, [user("text", "tool_result")], False),
        (MESSAGES, [user()], False),
        (MESSAGES, [user("tool_result"), {"role": "user", "content": "go on"}], False),
        (MESSAGES, [user("tool_result"), {"role": "user"}], False),
        (MESSAGES, [{"role": "user", "content": [7]}], False),
        (MESSAGES, [MODEL], False),
        (MESSAGES, [None, 7, {}], False),
        (MESSAGES, [], False),
        (MESSAGES, "text", False),
        (CHAT, [user("text"), MODEL, TOOL, TOOL], True),
        (CHAT, [user("text"), MODEL, {"role": "function"}], True),
        (CHAT, [user("text"), MODEL, TOOL, {"role": "developer"}], True),
        (CHAT, [TOOL, user("text")], False),
        (RESPONSES, [user("input_text"), CALL, CALLED], True),
        (RESPONSES, [user("input_text"), {"type": "custom_tool_call_output"}], True),
        (RESPONSES, [user("input_text"), CALLED, {"type": "reasoning"}, {"role": "developer"}], True),
        (RESPONSES, [CALLED, user("input_text")], False),
        (RESPONSES, [CALLED, CALLED, {"type": "message", "role": "user", "content": "go on"}], False),
        (RESPONSES, [CALL], False),
        (RESPONSES, "hello", False),
    ],
)
def test_a_turn_that_only_hands_over_results(operation: Operation, turns: Any, only_results: bool) -> None:
    name, other = ("input", "messages") if operation is RESPONSES else ("messages", "input")
    assert hands_over_tool_results(operation.kind, {name: turns}) is only_results
    assert not hands_over_tool_results(operation.kind, {other: turns})


@pytest.mark.parametrize(
    ("name", "operation", "only_results"),
    [
        ("claude_code", MESSAGES, False),
        ("claude_code_tool_call", MESSAGES, False),
        ("claude_code_tool_result", MESSAGES, True),
        ("codex", RESPONSES, False),
        ("codex_tool_call", RESPONSES, False),
        ("codex_tool_result", RESPONSES, True),
        ("openai_sdk_chat", CHAT, False),
        ("openai_sdk_responses", RESPONSES, False),
    ],
)
def test_real_requests(name: str, operation: Operation, only_results: bool) -> None:
    body = captured(name).body
    asked = json.loads(body)
    assert hands_over_tool_results(operation.kind, asked) is only_results

    def compared(value: Any) -> bytes:
        return likeness(operation.kind, found(operation, json.dumps(value).encode()))

    same = {member for member in asked if compared({**asked, member: "other"}) == compared(asked)}
    assert same == {"metadata", "client_metadata", "prompt_cache_key"} & set(asked)


def test_a_conversation_that_the_server_keeps_is_another_turn_each_time() -> None:
    assert keeps_history(RESPONSES.kind, {"conversation": "conv_1", "input": "continue"})
    assert not keeps_history(RESPONSES.kind, {"conversation": None, "input": "continue"})
    assert not keeps_history(RESPONSES.kind, {"previous_response_id": "resp_1"})
    assert not keeps_history(CHAT.kind, {"conversation": "conv_1"})
    assert not keeps_history(RESPONSES.kind, None)
