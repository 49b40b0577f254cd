"""The chat and embeddings meters beyond the whole answers (`test_meters.py`)."""

from __future__ import annotations

import json

import pytest
from support.speakers import CHAT, EMBEDDINGS, chat, generated, metered

from trioproxy.model import Generated, Reading


def test_after_the_last_event_nothing_counts() -> None:
    assert chat("[DONE]", '{"error":"late"}') == Reading(ended=True)


def test_a_chat_needs_a_reason_to_stop_or_done() -> None:
    assert not chat('{"choices":[{"finish_reason":null}]}').ended
    assert chat('{"choices":[{"finish_reason":"stop"}]}').ended
    assert chat(" [DONE] ").ended
    failed = chat('{"choices":[{"finish_reason":"stop"}]}', '{"error":{"message":"m"}}')
    assert (failed.ended, failed.error) == (False, "m")


@pytest.mark.parametrize(
    ("stream", "error"),
    [
        ('event: error\ndata: {"error":{"type":"t","message":"m"}}\n\n', "t: m"),
        ('event: error\ndata: {"message":"m"}\n\n', "m"),
        ('data: {"object":"error","message":"m","type":"BadRequest","code":400}\n\n', "BadRequest: m"),
        ('data: {"error":"plain","choices":7}\n\n', "plain"),
        ("event: error\ndata: nothing\n\n", "error"),
    ],
)
def test_errors_in_chat_streams(stream: str, error: str) -> None:
    assert metered(CHAT, stream).error == error


def test_names_of_tools_in_chat_streams_count_once_a_call() -> None:
    def call(index: object, name: str, **more: object) -> str:
        piece = {"index": index, "function": {"name": name}, **more}
        return json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": [piece, 5]}}]})

    repeated = chat(call(0, "a"), call(0, "a"), call(1, "a"), call(None, "b", id="x"), call(None, "b", id="x"))
    assert repeated.tools == ("a", "a", "b")
    old = '{"choices":[{"delta":{"function_call":{"name":"f"}}}]}'
    assert chat(old, old).tools == ("f",)


def test_embeddings_do_not_stream() -> None:
    reading = metered(EMBEDDINGS, 'data: {"usage":{"prompt_tokens":1}}\n\n')
    assert reading == Reading()


def test_errors_in_json_answers() -> None:
    for operation in (CHAT, EMBEDDINGS):
        assert metered(operation, '{"error":{"type":"t","message":"m"}}', "application/json") == Reading(error="t: m")


@pytest.mark.parametrize(
    ("delta", "expected"),
    [
        ({"content": "Hello"}, Generated(text_bytes=5, pieces=1)),
        ({"content": "né"}, Generated(text_bytes=3, pieces=1)),
        ({"content": ""}, Generated()),
        ({"content": 7, "refusal": None}, Generated()),
        ({"content": None, "refusal": "No."}, Generated(text_bytes=3, pieces=1)),
        ({"reasoning_content": "Hm"}, Generated(thinking_bytes=2, pieces=1)),
        ({"reasoning": "Hm", "content": ""}, Generated(thinking_bytes=2, pieces=1)),
        ({"reasoning": "Hm", "reasoning_content": "Hm"}, Generated(thinking_bytes=2, pieces=1)),
        ({"content": [{"type": "text", "text": "abc"}, 5]}, Generated(text_bytes=3, pieces=1)),
        ({"content": [{"thinking": [{"type": "text", "text": "abc"}]}]}, Generated(text_bytes=3, pieces=1)),
        ({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "{}"}}]}, Generated(0, 0, 2, pieces=1)),
        ({"function_call": {"arguments": "{}"}}, Generated(tool_bytes=2, pieces=1)),
    ],
)
def test_content_is_counted_by_its_kind(delta: object, expected: Generated) -> None:
    assert generated(CHAT, f"data: {json.dumps({'choices': [{'delta': delta}]})}\n\n") == expected


def test_the_text_of_completions_and_of_several_choices_counts() -> None:
    assert generated(CHAT, 'data: {"choices":[{"text":"Hi"},{"index":1,"text":"You"}]}\n\n') == Generated(5, pieces=2)
    two = 'data: {"choices":[{"delta":{"content":"Hi"}},{"index":1,"delta":{"content":"You"}}]}\n\n'
    assert generated(CHAT, two) == Generated(5, pieces=2)


def test_json_counts_as_a_whole() -> None:
    assert generated(CHAT, '{"choices":[', "application/json") == Generated(json_bytes=12)
