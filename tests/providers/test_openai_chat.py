"""The chat and embeddings meters beyond the whole answers (`test_meters.py`)."""

from __future__ import annotations

import json

import pytest
from support.speakers import CHAT, EMBEDDINGS, chat, metered

from trioproxy.model import Reading


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
