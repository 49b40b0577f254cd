"""What holds a routing back because the cheaper model would answer it with a 400."""

from __future__ import annotations

from typing import Any

import pytest
from support.captures import captured

from trioproxy.rules.refusals import refusal, takes_effort
from trioproxy.wire.canonical import parse

HAIKU, NEW_HAIKU, SONNET, NEW_SONNET = "claude-haiku-4-5", "claude-haiku-5-5", "claude-sonnet-4-6", "claude-sonnet-5-5"
USER: dict[str, Any] = {"role": "user", "content": "hi"}
SYSTEM = "system messages within the conversation"
PREFILL = "an assistant message at the end"
LONG = "max_tokens over 64000"


@pytest.mark.parametrize(
    ("body", "refused_by"),
    [
        ({}, {}),
        ({"max_tokens": 64_000, "messages": [USER], "temperature": 1}, {}),
        ({"thinking": {"type": "adaptive"}}, {HAIKU: "adaptive thinking"}),
        ({"thinking": {"type": "disabled"}}, {}),
        ({"thinking": "adaptive"}, {}),
        ({"messages": [USER, {"role": "system", "content": "x"}]}, {HAIKU: SYSTEM, SONNET: SYSTEM}),
        ({"max_tokens": 64_001}, {HAIKU: LONG}),
        ({"max_tokens": "64001"}, {}),
        ({"messages": [{"role": "assistant"}]}, dict.fromkeys((NEW_HAIKU, SONNET, NEW_SONNET), PREFILL)),
        ({"temperature": 0}, dict.fromkeys([NEW_HAIKU, NEW_SONNET], "temperature, top_p or top_k")),
        ({"top_k": 1}, dict.fromkeys([NEW_HAIKU, NEW_SONNET], "temperature, top_p or top_k")),
        ({"top_p": None}, {}),
        ({"speed": "fast"}, dict.fromkeys([HAIKU, NEW_HAIKU, SONNET, NEW_SONNET], "the fast mode")),
        ({"speed": "standard"}, {}),
        ({"messages": ["junk"]}, {}),
    ],
)  # fmt: skip
def test_what_is_known_to_be_refused(body: dict[str, Any], refused_by: dict[str, str]):
    for target in (HAIKU, NEW_HAIKU, SONNET, NEW_SONNET):
        what = refused_by.get(target)
        assert refusal(body, target) == (f"{target} does not take {what}" if what else None)


@pytest.mark.parametrize(("number", "refused"), [(b"1.0", False), (b"1", False), (b"0.7", True), (b"1e0", True)])
def test_numbers_are_read_as_they_are_written(number: bytes, refused: bool):
    assert (refusal(parse(b'{"temperature": %b}' % number), NEW_HAIKU) is not None) == refused


def test_an_opus_is_a_target_too():
    system = {"messages": [USER, {"role": "system", "content": "x"}]}
    assert refusal(system, "claude-opus-4-7") == f"claude-opus-4-7 does not take {SYSTEM}"
    assert refusal(system, "claude-opus-4-8") is None
    assert refusal({"speed": "fast"}, "claude-opus-4-8") is None


def test_a_long_input_needs_a_long_context():
    assert refusal({}, HAIKU, 180_000) is None
    assert refusal({}, HAIKU, 180_001) == "claude-haiku-4-5 does not take so long an input (about 180001 tokens)"
    assert refusal({}, NEW_HAIKU, 180_001) is None
    assert refusal({}, HAIKU, None) is None


def test_nothing_is_known_of_others():
    body = {"thinking": {"type": "adaptive"}, "max_tokens": 10**9}
    assert refusal(body, "gpt-5-nano", 10**9) is None
    assert refusal([], HAIKU) is None


def test_claude_codes_turns_need_newer_models_than_the_default_ones():
    turn = parse(captured("claude_code").body)
    assert refusal(turn, HAIKU) == "claude-haiku-4-5 does not take adaptive thinking"
    assert refusal(turn, SONNET) == f"claude-sonnet-4-6 does not take {SYSTEM}"
    assert refusal(turn, NEW_HAIKU) is None
    assert refusal(turn, NEW_SONNET) is None


@pytest.mark.parametrize(
    ("target", "takes"),
    [(HAIKU, False), ("claude-3-5-haiku-20241022", False), (NEW_HAIKU, True), (SONNET, True), ("gpt-5-nano", True)],
)
def test_haiku_learned_of_effort_with_version_5(target: str, takes: bool):
    assert takes_effort(target) == takes
