"""The Responses meters beyond the whole answers (`test_meters.py`)."""

from __future__ import annotations

import json
import re

import pytest
from support.speakers import RESPONSES, generated, metered

from trioproxy.model import Generated, Reading


def test_after_the_last_event_nothing_counts() -> None:
    late = 'data: {"type":"response.completed"}\n\ndata: {"type":"error","message":"late"}\n\n'
    assert metered(RESPONSES, late) == Reading(ended=True)


@pytest.mark.parametrize("event", ["response.output_item.added", "response.created", "response.queued"])
def test_responses_events_without_what_they_should_have(event: str) -> None:
    assert metered(RESPONSES, f'event: {event}\ndata: {{"item":null}}\n\n') == Reading()


def test_calls_of_the_providers_own_tools_are_named_by_their_type() -> None:
    body = '{"output":[{"type":"web_search_call"},{"type":"message"},{"type":"mcp_call","name":"n"}]}'
    assert metered(RESPONSES, body, "application/json").tools == ("n", "web_search_call")


def test_an_error_in_a_json_answer() -> None:
    body = '{"status":"failed","error":{"code":"server_error","message":"m"}}'
    assert metered(RESPONSES, body, "application/json") == Reading(error="server_error: m")


def test_a_failure_that_says_nothing_is_one_all_the_same() -> None:
    assert metered(RESPONSES, "event: response.failed\ndata: {}\n\n") == Reading(error="error")


def event(name: str, **members: object) -> str:
    return f"event: {name}\ndata: {json.dumps({'type': name, 'sequence_number': 7, **members})}\n\n"


STREAM = "".join(
    [
        event("response.reasoning_summary_text.delta", delta="Thinking", obfuscation="x"),
        event("response.reasoning_text.delta", delta=" hard"),
        event("response.output_item.done", item={"type": "reasoning", "encrypted_content": "gAAAAABo"}),
        *(event("response.output_text.delta", item_id="m", delta=text, obfuscation="xyz") for text in ("Say ", '"x"')),
        event("response.output_text.done", text="not again"),
        event("response.refusal.delta", delta="No."),
        event("response.function_call_arguments.delta", delta="{}"),
        event("response.custom_tool_call_input.delta", delta="ls"),
        event("response.mcp_call_arguments.delta", delta="{}", obfuscation=""),
        event("response.code_interpreter_call_code.delta", delta="1+1"),
        event("response.output_item.done", item={"type": "message", "content": []}),
        event("response.audio.delta", delta="no text"),
    ]
)


@pytest.mark.parametrize(
    "stream", [STREAM, STREAM.replace('": ', '":').replace(', "', ',"'), re.sub(r"event: .*\n", "", STREAM)]
)
def test_content_is_counted_by_its_kind(stream: str) -> None:
    expected = Generated(text_bytes=12, thinking_bytes=13, tool_bytes=9, sealed_bytes=8, sealed_parts=1, pieces=9)
    assert generated(RESPONSES, stream) == expected


def test_an_event_of_no_kind_is_none() -> None:
    assert generated(RESPONSES, 'data: {"type":5}\n\ndata: [1]\n\ndata: {"delta":"x"}\n\n') == Generated()
