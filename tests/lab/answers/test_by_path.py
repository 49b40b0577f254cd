"""One text in the shape that each request asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trioproxy.lab.answers import Answer, answer_to

VERSION = ((b"Anthropic-Version", b"2023-06-01"),)


def ask(path: str, value: dict[str, Any] | bytes = b"", *, anthropic: bool = False) -> Answer:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return answer_to(path, VERSION if anthropic else (), body, "Four words of text.")


@pytest.mark.parametrize(
    ("path", "mark"),
    [
        ("/v1/messages", b"message_stop"),
        ("/v1/chat/completions", b"[DONE]"),
        ("/v1/responses", b"response.completed"),
    ],
)
def test_streams_and_json_by_the_body(path: str, mark: bytes) -> None:
    streamed = ask(path, {"stream": True, "model": "their-model"})
    whole = ask(path, {"model": "their-model"})

    assert streamed.streamed
    assert mark in streamed.parts[-1]
    assert b'"model":"their-model"' in streamed.body
    assert not whole.streamed
    assert json.loads(whole.body)["model"] == "their-model"


def test_usage_is_told_where_chat_asks_for_it() -> None:
    asked = {"stream": True, "stream_options": {"include_usage": True}}

    assert b'"usage":{' in ask("/v1/chat/completions", asked).body
    assert b'"usage"' not in ask("/v1/chat/completions", {"stream": True}).body


def test_the_prompt_is_counted_wherever_it_stands() -> None:
    blocks = [{"role": "user", "content": [{"type": "text", "text": "four five"}]}]
    asked = {"system": "one two three", "messages": [*blocks, {"role": "user", "content": "six"}]}

    assert json.loads(ask("/v1/messages/count_tokens", asked).body) == {"input_tokens": 6}
    assert json.loads(ask("/v1/messages", asked).body)["usage"]["input_tokens"] == 6


def test_lists_by_the_dialect_of_the_headers() -> None:
    assert json.loads(ask("/v1/models").body)["object"] == "list"
    assert json.loads(ask("/v1/models", anthropic=True).body)["has_more"] is False


def test_embeddings_of_one_text_or_many() -> None:
    assert len(json.loads(ask("/v1/embeddings", {"input": "a"}).body)["data"]) == 1
    assert len(json.loads(ask("/v1/embeddings", {"input": ["a", "b"]}).body)["data"]) == 2


@pytest.mark.parametrize("body", [b"", b"not json", b"[1]", b'{"model":3,"messages":[7,{"x":1}]}'])
def test_a_body_that_cannot_be_read_is_answered_all_the_same(body: bytes) -> None:
    assert ask("/v1/messages", body).status == 200


def test_elsewhere_is_404_in_the_dialects_shape() -> None:
    assert ask("/v1/nothing", anthropic=True).status == 404
    assert json.loads(ask("/v1/nothing", anthropic=True).body)["error"]["type"] == "not_found_error"
    assert json.loads(ask("/v1/nothing").body)["error"]["code"] == "model_not_found"
