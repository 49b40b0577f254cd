"""The score: what it is made of, its bounds, and what real clients' requests get."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import captured

from trioproxy.rules.scoring import Score, score
from trioproxy.wire.canonical import parse

QUESTION = "What is the capital of France?"
CALL = {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Bash", "input": {}}]}
RESULT = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "done"}]}


def asked(text: str, **more: Any) -> Score:
    return score({"messages": [{"role": "user", "content": text}], **more})


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        "hi",
        "What's the difference between a list and a tuple?",
        "How many people live in Norway, and is it and/or?",
        "What is Node.js?",
        "Wie spät ist es in Tokio?",
        "Who wrote Faust?",
        "Explain how TCP works, please.",
    ],
)
def test_a_short_plain_question_has_no_points(question: str):
    assert asked(question) == Score(0, ("0: a short, plain text",))


@pytest.mark.parametrize(
    ("text", "points", "reasons"),
    [
        ("Fix it", 3, ["+3 asks for work (fix)"]),
        ("why?\n```\nx\n```", 3, ["+3 a code fence (```)"]),
        ("what is in setup.py?", 3, ["+3 a file name (setup.py)"]),
        ("what does `ls` do?", 2, ["+2 a code construct (`ls`)"]),
        ("what is /etc/hosts?", 2, ["+2 a path (/etc/hosts)"]),
        ("what is src/main.py?", 5, ["+3 a file name (main.py)", "+2 a path (src/main.py)"]),
        ("```\nx\n``` in a.c", 3, ["+3 a code fence (```)"]),
        ("```x``` in ab.py", 5, ["+3 a code fence (```)", "+2 a file name (ab.py), 5 at most for code"]),
        ("ab.py: foo() in ./x", 5, ["+3 a file name (ab.py)", "+2 a code construct (foo())"]),
        (
            "fix ab.py: foo() in ./x",
            8,
            ["+3 asks for work (fix)", "+3 a file name (ab.py)", "+2 a code construct (foo())"],
        ),
        ("x" * 200, 0, ["0: a short, plain text"]),
        ("x" * 201, 1, ["+1 over 200 characters (201)"]),
        ("x" * 500, 1, ["+1 over 200 characters (500)"]),
        ("x" * 501, 2, ["+2 over 500 characters (501)"]),
        ("see `" + "x" * 60 + "`", 2, ["+2 a code construct (`" + "x" * 38 + "…)"]),
    ],
)
def test_points_come_with_their_reasons(text: str, points: int, reasons: list[str]):
    assert asked(text) == Score(points, tuple(reasons))


def test_points_are_clipped_to_ten():
    conversation = [CALL, RESULT, CALL, {"role": "user", "content": "fix `x` in main.py " + "x" * 500}]
    found = score({"messages": conversation})
    assert found.points == 10
    assert [int(reason.partition(" ")[0]) for reason in found.reasons] == [3, 3, 2, 2, 3]


@pytest.mark.parametrize(
    ("thinking", "points"),
    [
        ({"type": "enabled", "budget_tokens": 1024}, 10),
        ({"type": "adaptive"}, 0),
        ({"type": "disabled"}, 0),
        ("enabled", 0),
        (None, 0),
    ],
)
def test_thinking_that_is_enabled_is_hard(thinking: object, points: int):
    assert asked(QUESTION, thinking=thinking).points == points


@pytest.mark.parametrize(
    "value",
    [
        {"messages": [{"role": "user", "content": QUESTION}, CALL, RESULT]},
        {"messages": [{"role": "user", "content": [{"type": "image"}]}]},
        {"messages": []},
        {"input": [{"role": "user", "content": QUESTION}, {"type": "function_call_output", "output": "x"}]},
        {},
        [],
        None,
    ],
)
def test_no_words_of_the_users_is_hard(value: object):
    assert score(value).points == 10


def test_a_new_question_after_tools_counts_their_turns():
    conversation = [CALL, RESULT, {"role": "assistant", "content": "There."}, {"role": "user", "content": QUESTION}]
    assert score({"messages": conversation}) == Score(2, ("+2 2 of the last four messages with tools",))


def test_every_dialect_is_scored():
    for value in ({"input": "Fix it"}, {"prompt": "Fix it"}, {"input": [{"role": "user", "content": "Fix it"}]}):
        assert score(value).points == 3


def test_of_a_long_text_its_beginning_and_its_end_are_looked_at():
    assert asked("Fix it: " + "x " * 5_000).points == 5
    assert asked("x " * 5_000 + "Fix it").points == 5
    assert asked("x " * 5_000 + "Fix it" + " x" * 5_000).points == 2


def reminded(name: str, text: str | None = None) -> object:
    """A captured request of Claude Code's, its own addition marked as it marks it; `text` as the user's words."""
    value: Any = json.loads(captured(name).body)
    added, prompt = value["messages"][0]["content"]
    added["text"] = f"<system-reminder>\n{added['text']}\n</system-reminder>\n"
    prompt["text"] = text or prompt["text"]
    return value


@pytest.mark.parametrize(
    ("name", "text", "points"),
    [
        ("claude_code", None, 0),  # hi
        ("claude_code_old", None, 0),  # hi
        ("claude_code_agent", None, 0),  # say 1
        ("claude_code_auth_token", None, 0),
        ("claude_code", "fix the failing test in tests/test_main.py", 8),
        ("claude_code", "why is the sky blue?", 0),
        ("claude_code_tool_result", None, 10),
    ],
)
def test_what_claude_code_sends_is_scored_by_the_users_words(name: str, text: str | None, points: int):
    assert score(reminded(name, text)).points == points


@pytest.mark.parametrize(
    ("name", "points"), [("anthropic_sdk", 0), ("openai_sdk_chat", 0), ("openai_sdk_responses", 0), ("codex", 0)]
)
def test_other_real_clients_are_scored(name: str, points: int):
    assert score(parse(captured(name).body)).points == points


HOSTILE = [
    "<system-reminder>",
    "<system-reminder></system-reminder>",
    "[Image",
    "a_",
    "`a",
    "<a ",
    ".py",
    "a/",
    " ",
    ".",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_of_a_megabyte_takes_milliseconds(piece: str):
    text = piece * (1_000_000 // len(piece))
    started = time.process_time()
    asked(text)
    assert time.process_time() - started < 0.5


@given(st.text())
def test_any_text_has_a_score(text: str):
    found = asked(text)
    assert 0 <= found.points <= 10
    assert found.reasons
