"""Scripted answers against the SDKs' own models: what they would reject is not realistic."""

from __future__ import annotations

import json
from typing import Any

import pytest
from anthropic.types import Message, ModelInfo, RawMessageStreamEvent
from openai.types import CreateEmbeddingResponse, Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from trioproxy.lab import answers
from trioproxy.lab.answers.anthropic import anthropic_models
from trioproxy.lab.answers.openai import openai_models
from trioproxy.model import Usage

TEXT = "Ein Wörtchen, zwei — drei 🐟 more."
WORDS = 7
USAGE = Usage(
    input_tokens=10,
    output_tokens=20,
    cache_read_tokens=300,
    cache_write_5m_tokens=40,
    cache_write_1h_tokens=5,
    reasoning_tokens=6,
)


def data_of(part: bytes) -> dict[str, Any]:
    """The JSON of one event, whose name, if it has one, is its type."""
    *fields, blank, rest = part.decode().split("\n")
    assert (blank, rest) == ("", "")
    value = json.loads(fields[-1].removeprefix("data: "))
    if len(fields) == 2:
        assert fields[0] == f"event: {value['type']}"
    return value


def test_anthropic_stream() -> None:
    answer = answers.message_stream(TEXT, model="claude-x", usage=USAGE, stop_reason="max_tokens")
    adapter = TypeAdapter[Any](RawMessageStreamEvent)
    values = [data_of(part) for part in answer.parts]
    events = [adapter.validate_python(value) for value in values if value["type"] != "ping"]

    assert "".join(e.delta.text for e in events if e.type == "content_block_delta") == TEXT
    assert sum(e.type == "content_block_delta" for e in events) == WORDS
    assert [events[0].type, events[-1].type] == ["message_start", "message_stop"]
    start, delta = events[0].message.usage, events[-2]
    assert (start.input_tokens, start.output_tokens, start.cache_read_input_tokens) == (10, 1, 300)
    assert start.cache_creation_input_tokens == 45
    assert (start.cache_creation.ephemeral_5m_input_tokens, start.cache_creation.ephemeral_1h_input_tokens) == (40, 5)
    assert (delta.usage.output_tokens, delta.usage.cache_creation_input_tokens) == (20, 45)
    assert "cache_creation" not in values[-2]["usage"]
    assert delta.delta.stop_reason == "max_tokens"


def test_anthropic_json() -> None:
    read = Message.model_validate_json(answers.message(TEXT, usage=USAGE).body)

    assert [block.text for block in read.content if block.type == "text"] == [TEXT]
    assert (read.usage.output_tokens, read.stop_reason) == (20, "end_turn")


def test_chat_stream_tells_usage_only_where_it_was_asked_for() -> None:
    silent = answers.chat_stream(TEXT, usage=USAGE)
    telling = answers.chat_stream(TEXT, usage=USAGE, include_usage=True)

    assert silent.parts[-1] == telling.parts[-1] == b"data: [DONE]\n\n"
    assert answers.chat_stream(TEXT, done=False).parts == silent.parts[:-1]
    assert all("usage" not in data_of(part) for part in silent.parts[:-1])
    chunks = [ChatCompletionChunk.model_validate(data_of(part)) for part in telling.parts[:-1]]
    assert "".join(c.choices[0].delta.content or "" for c in chunks[:-1]) == TEXT
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert all(data_of(part)["usage"] is None for part in telling.parts[:-2])
    assert chunks[-1].choices == []
    usage = chunks[-1].usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (355, 20, 375)


def test_chat_json() -> None:
    read = ChatCompletion.model_validate_json(answers.chat(TEXT, usage=USAGE).body)

    assert read.choices[0].message.content == TEXT
    assert read.usage is not None
    assert read.usage.prompt_tokens_details is not None
    details = read.usage.prompt_tokens_details
    assert (details.cached_tokens, details.cache_write_tokens) == (300, 45)


@pytest.mark.parametrize("terminal", ["completed", "incomplete", "failed"])
def test_responses_stream(terminal: Any) -> None:
    answer = answers.response_stream(TEXT, usage=USAGE, terminal=terminal)
    adapter = TypeAdapter[Any](ResponseStreamEvent)
    events = [adapter.validate_python(data_of(part)) for part in answer.parts]

    assert [e.sequence_number for e in events] == list(range(len(events)))
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == TEXT
    assert events[-1].type == f"response.{terminal}"
    final = events[-1].response
    assert final.status == terminal
    assert (final.usage.input_tokens, final.usage.input_tokens_details.cached_tokens) == (355, 300)
    assert final.usage.output_tokens_details.reasoning_tokens == 6
    assert (final.error is None, final.incomplete_details is None) == (terminal != "failed", terminal != "incomplete")


def test_responses_json() -> None:
    assert Response.model_validate_json(answers.response(TEXT).body).output_text == TEXT


def test_embeddings_and_lists() -> None:
    read = CreateEmbeddingResponse.model_validate_json(answers.embeddings(["one two", "three"]).body)

    assert [len(item.embedding) for item in read.data] == [8, 8]
    assert read.usage.total_tokens == 3
    assert [Model.model_validate(m).id for m in json.loads(openai_models(["a", "b"]).body)["data"]] == ["a", "b"]
    assert [ModelInfo.model_validate(m).id for m in json.loads(anthropic_models(["c"]).body)["data"]] == ["c"]
