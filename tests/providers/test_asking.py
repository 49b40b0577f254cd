"""What is read of requests: real ones, odd ones, and junk."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from support.speakers import CHAT, CLAUDE, GPT, MESSAGES, RESPONSES, asked

from trioproxy.model import Asked, Dialect
from trioproxy.providers import SPEAKERS
from trioproxy.providers.base import Kind, Operation
from trioproxy.providers.estimating import input_estimate
from trioproxy.wire.canonical import Json, read

CAPTURES = Path(__file__).parent.parent / "data" / "captures"
OTHER = Operation(Kind.OTHER, generation=False)


def captured(name: str) -> bytes:
    return json.dumps(json.loads((CAPTURES / name).read_text())["body"]).encode()


def test_every_dialect_has_its_speaker() -> None:
    assert {dialect: speaker.dialect for dialect, speaker in SPEAKERS.items()} == {each: each for each in Dialect}


@pytest.mark.parametrize(
    ("name", "operation", "expected"),
    [
        ("claude_code.json", MESSAGES, Asked("claude-opus-5-5", "medium", "hi")),
        ("claude_code_tool_result.json", MESSAGES, Asked("claude-opus-5-5", "medium", "run it")),
        ("claude_code_old.json", MESSAGES, Asked("claude-opus-4-8", "high", "hi")),
        ("anthropic_sdk.json", MESSAGES, Asked("claude-haiku-4-5", "standard", "hi")),
        ("codex.json", RESPONSES, Asked("gpt-6.1-sol", "low", "<list 38 bytes>")),
        ("codex_gpt5.json", RESPONSES, Asked("gpt-5.1", "standard", "<list 42 bytes>")),
        ("openai_sdk_chat.json", CHAT, Asked("gpt-5", "standard", "hi")),
        ("openai_sdk_responses.json", RESPONSES, Asked("gpt-5", "standard", "hi")),
    ],
)
def test_real_requests(name: str, operation: Operation, expected: Asked) -> None:
    speaker, body = CLAUDE if operation is MESSAGES else GPT, captured(name)
    estimate = input_estimate(operation.kind, body, tools=b'"tools": [{' in body)
    expected = replace(expected, input_estimate=estimate)
    assert speaker.read_request(operation, body, 20) == expected
    assert speaker.read_request(operation, body, 0) == replace(expected, preview=None)
    for coding, encode in (("zstd", zstandard.compress), ("gzip", gzip.compress)):
        assert speaker.read_request(operation, encode(body), 20, content_encoding=coding) == expected


PARTS = [{"type": "text", "text": "what the client adds"}, {"type": "text", "text": "the question"}, {"type": "image"}]


@pytest.mark.parametrize(
    ("operation", "body", "preview"),
    [
        (MESSAGES, {"messages": [{"role": "user", "content": "0123456789"}]}, "0123"),
        (MESSAGES, {"messages": [{"role": "user", "content": PARTS}]}, "the "),
        (MESSAGES, {"messages": [{"role": "user", "content": "ab"}, {"role": "assistant", "content": "no"}]}, "ab"),
        (MESSAGES, {"messages": [{"role": "user", "content": "ab"}, {"role": "user", "content": ""}, 7, []]}, "ab"),
        (MESSAGES, {"messages": [{"role": "assistant", "content": "no"}]}, None),
        (MESSAGES, {}, None),
        (CHAT, {"messages": [{"role": "user", "content": PARTS}]}, "the "),
        (CHAT, {"prompt": "complete me"}, "comp"),
        (CHAT, {"prompt": ["one", "complete me"]}, "comp"),
        (CHAT, {"prompt": [[1, 2], [3]]}, None),
        (RESPONSES, {"input": "hello there"}, "hell"),
        (RESPONSES, {"input": [{"role": "user", "content": [{"type": "input_text", "text": "hello"}]}]}, "hell"),
        (RESPONSES, {"input": 5}, None),
    ],
)
def test_preview(operation: Operation, body: dict[str, Any], preview: str | None) -> None:
    assert asked(operation, 4, model="m", **body) == Asked("m", "standard", preview)


@pytest.mark.parametrize("speaker", [CLAUDE, GPT])
def test_what_cannot_be_read_is_empty(speaker: Any) -> None:
    operation = MESSAGES if speaker is CLAUDE else CHAT
    assert speaker.read_request(operation, b"not json", 9) == Asked()
    assert speaker.read_request(operation, b'{"model":"m"}', 9, content_encoding="br") == Asked()
    assert speaker.read_request(operation, b'{"model":"m"}', 9, content_encoding="zstd") == Asked()
    assert speaker.read_request(OTHER, b'{"model":"m"}', 9) == Asked()
    # Messages of another shape cost the preview, not the model.
    assert speaker.read_request(operation, b'{"model":"m","messages":5}', 9).model == "m"


@pytest.mark.parametrize("chars", [0, 20])
@pytest.mark.parametrize("name", ["claude_code.json", "claude_code_old.json", "codex.json", "openai_sdk_chat.json"])
def test_what_has_been_read_need_not_be_read_again(name: str, chars: int) -> None:
    body = captured(name)
    speaker, operation = {"cl": (CLAUDE, MESSAGES), "co": (GPT, RESPONSES), "op": (GPT, CHAT)}[name[:2]]
    expected = speaker.read_request(operation, body, chars)
    assert expected.model is not None
    assert speaker.read_request(operation, body, chars, found=read(body)) == expected
    other = read(b'{"model":"another"}')  # it is this one that is looked at
    assert speaker.read_request(operation, body, chars, found=other).model == "another"


def test_a_budget_of_tokens_with_a_point_is_one_however_it_was_read() -> None:
    body = b'{"model":"m","thinking":{"type":"enabled","budget_tokens":5000.0}}'
    for found in (None, read(body)):
        assert CLAUDE.read_request(MESSAGES, body, 0, found=found).effort == "medium"


def test_a_body_with_very_many_members_is_read() -> None:
    body = json.dumps({"model": "m", **{f"n{number}": 0 for number in range(2_000)}}).encode()
    assert CLAUDE.read_request(MESSAGES, body, 0, found=read(body)).model == "m"


def test_a_value_that_could_just_be_read_is_read_from_the_body() -> None:
    deep: object = None
    for _ in range(100_000):
        deep = [deep]
    found = Json({"model": "m", "thinking": deep}, b"", shortest=False)
    assert CLAUDE.read_request(MESSAGES, b'{"model":"m"}', 0, found=found).model == "m"


@given(body=st.binary(max_size=50), chars=st.integers(0, 5))
def test_junk_raises_nothing(body: bytes, chars: int) -> None:
    for speaker, operation in ((CLAUDE, MESSAGES), (GPT, CHAT), (GPT, RESPONSES)):
        for text in (body, b'{"model":' + body, b'{"messages":[' + body + b"]}", b'{"input":[{"role":"user"},' + body):
            assert isinstance(speaker.read_request(operation, text, chars), Asked)
