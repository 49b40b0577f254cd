"""What of a request are the user's own words, and how many of its last messages have to do with tools."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.rules.prompts import messages, own_words, tool_turns, user_text

USER = {"role": "user", "content": "the question"}
ANSWER = {"role": "assistant", "content": "an answer"}
SYSTEM = {"role": "system", "content": "be brief"}
CALL = {"role": "assistant", "content": [{"type": "text", "text": "I"}, {"type": "tool_use", "id": "t", "input": {}}]}
RESULT = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "done"}]}
IMAGE = {"role": "user", "content": [{"type": "image", "source": {}}, {"type": "text", "text": "[Image #1]"}]}


def blocks(*texts: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text} for text in texts]}


@pytest.mark.parametrize(
    ("conversation", "expected"),
    [
        ([USER], "the question"),
        ([USER, ANSWER], "the question"),
        ([{"role": "user", "content": "before"}, ANSWER, USER, SYSTEM], "the question"),
        ([blocks("<system-reminder>\nthe day\n</system-reminder>", "the question")], "the question"),
        ([blocks("two", "parts")], "two\nparts"),
        ([blocks("<system-reminder>the day</system-reminder>")], None),
        ([USER, CALL, RESULT], None),
        ([USER, CALL, {"role": "user", "content": [*RESULT["content"], {"type": "text", "text": "go on"}]}], "go on"),
        ([USER, {"role": "assistant", "tool_calls": [{}]}, {"role": "tool", "content": "done"}], None),
        ([USER, {"type": "function_call"}, {"type": "function_call_output", "output": "done"}], None),
        ([USER, {"type": "reasoning"}], "the question"),
        ([IMAGE], None),
        ([USER, {"role": "user", "content": ""}], None),
        ([USER, {"role": "user"}], None),
        ([SYSTEM], None),
        ([], None),
        (["junk", 1, None, USER, 7], "the question"),
        ([{"role": "user", "content": [7, {"text": 8}, None]}], None),
    ],
)
def test_the_last_user_message_counts_without_what_was_added_to_it(conversation: list[object], expected: str | None):
    assert user_text(conversation) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hi", "hi"),
        ("a<system-reminder>x</system-reminder>b", "ab"),
        ("<system-reminder>x</system-reminder> a <system-reminder>y</system-reminder>", "a"),
        ("<ide_selection>\nx = 1\n</ide_selection>why?", "why?"),
        ("<ide_opened_file>The user opened main.py</ide_opened_file>why?", "why?"),
        ("<transcript>they said</transcript>\n\nsum it up", "sum it up"),
        ("what is this [Image #1] and [Image: source: /tmp/a.png] this?", "what is this  and  this?"),
        ("[Image", "[Image"),
        ("[Images] are nice", "[Images] are nice"),
        ("what does <system-reminder> mean?", "what does <system-reminder> mean?"),
        ("</system-reminder>why?", "</system-reminder>why?"),
        ("<system-reminder>x</ide_selection>", "<system-reminder>x</ide_selection>"),
        ("  \n ", ""),
    ],
)
def test_injected_context_and_image_marks_are_taken_out(text: str, expected: str):
    assert own_words(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "<system-reminder>" * 60_000,
        "<system-reminder></system-reminder>" * 30_000,
        "</system-reminder><system-reminder>" * 30_000,
        "[Image" * 170_000,
        "[Image " + "x" * 1_000_000,
    ],
    ids=lambda text: f"{text[:20]}…",
)
def test_hostile_text_takes_no_longer_than_other_text(text: str):
    started = time.process_time()
    own_words(text)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("conversation", "expected"),
    [
        ([USER], 0),
        ([USER, CALL, RESULT], 2),
        ([CALL, RESULT, CALL, RESULT, CALL, RESULT], 4),
        ([CALL, RESULT, USER, ANSWER, USER, ANSWER], 0),
        ([CALL, RESULT, SYSTEM, USER, ANSWER], 2),
        ([{"role": "assistant", "tool_calls": [{}]}, {"role": "tool", "content": "x"}, USER], 2),
        ([{"type": "function_call"}, {"type": "function_call_output"}, {"type": "custom_tool_call"}, USER], 3),
        ([{"role": "assistant", "content": [{"type": "server_tool_use"}, {"type": "web_search_tool_result"}]}], 1),
        (["junk", {"content": [{"type": 1}, 2]}, {"role": "assistant", "tool_calls": []}], 0),
    ],
)
def test_messages_with_tools_are_counted_among_the_last_four(conversation: list[object], expected: int):
    assert tool_turns(conversation) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"messages": [USER]}, [USER]),
        ({"input": [USER]}, [USER]),
        ({"input": "the question"}, [USER]),
        ({"prompt": "the question"}, [USER]),
        ({"prompt": ["one", "the question"]}, [USER]),
        ({"prompt": []}, []),
        ({"prompt": [[1, 2]]}, []),
        ({"messages": "no list"}, []),
        ([], []),
        (None, []),
    ],
)
def test_every_dialect_has_its_conversation(value: object, expected: list[object]):
    assert list(messages(value)) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["role", "content", "type", "text"]), inner),
)


@given(JSON)
def test_nothing_raises_on_odd_values(value: object):
    conversation = messages({"messages": value})
    assert 0 <= tool_turns(conversation) <= 4
    assert user_text(conversation) != ""


@pytest.mark.parametrize("role", [[], {}, None, 7, msgspec.Raw(b"-0")])
def test_a_role_may_be_anything(role: Any):
    conversation = [USER, {"role": role, "content": [{"type": "tool_result"}]}]
    assert user_text(conversation) is None
    assert tool_turns(conversation) == 1
