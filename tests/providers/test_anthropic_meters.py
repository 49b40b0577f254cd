"""The Messages meters beyond the whole answers (`test_meters.py`)."""

from __future__ import annotations

import json
import re

import pytest
from support.speakers import MESSAGES, generated, metered

from trioproxy.model import Generated, Reading, Usage


def test_after_the_last_event_nothing_counts() -> None:
    late = 'data: {"type":"message_stop"}\n\ndata: {"type":"error","error":{"type":"late"}}\n\n'
    assert metered(MESSAGES, late) == Reading(ended=True)


def test_an_event_too_large_to_hold_still_ends_the_stream() -> None:
    text = "event: message_stop\ndata: " + "x" * (1 << 20) + "\n\n"
    assert metered(MESSAGES, text) == Reading(ended=True)


def test_output_counted_at_the_start_is_the_output_only_if_no_other_count_comes() -> None:
    start = 'data: {"type":"message_start","message":{"usage":{"input_tokens":5,"output_tokens":1}}}\n\n'
    assert metered(MESSAGES, start).usage == Usage(5, None)
    stop = 'data: {"type":"message_stop"}\n\n'
    assert metered(MESSAGES, start + stop).usage == Usage(5, 1)


def test_the_final_count_is_known_before_the_last_event() -> None:
    delta = 'data: {"type":"message_delta","usage":{"output_tokens":9}}\n\n'
    assert metered(MESSAGES, delta).usage == Usage(None, 9)
    without = 'data: {"type":"message_delta","usage":{"input_tokens":7,"output_tokens":null}}\n\n'
    assert metered(MESSAGES, without).usage == Usage(7, None)


def test_an_error_in_a_json_answer() -> None:
    reading = metered(MESSAGES, '{"type":"error","error":{"type":"t","message":"m"}}', "application/problem+json")
    assert reading == Reading(error="t: m")


def delta(kind: str, text: str, index: int = 0) -> str:
    member = {"input_json": "partial_json"}.get(kind, kind)
    content = f'"delta":{{"type":"{kind}_delta","{member}":{json.dumps(text)}}}'
    return f'event: content_block_delta\ndata: {{"type":"content_block_delta","index":{index},{content}}}   \n\n'


CITATION = """event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"cited_text":"no"}}}

"""
STREAM = "".join(
    [
        *(delta("thinking", text) for text in ("Let", " me", " see.\n")),
        delta("signature", "EqQBCgIYAhIM"),
        'event: ping\ndata: {"type": "ping"}\n\n',
        *(delta("text", text, 1) for text in ('"Hi"', " there", "!")),
        CITATION,
        delta("text", " Bye.", 1),
        *(delta("input_json", text, 2) for text in ("", "[1", ",2]")),
    ]
)
CONTENT = Generated(text_bytes=18, thinking_bytes=13, tool_bytes=5, sealed_bytes=12, sealed_parts=1, pieces=10)


def test_content_is_counted_by_its_kind() -> None:
    assert generated(MESSAGES, STREAM) == CONTENT


@pytest.mark.parametrize(
    "other_form",
    [
        re.sub(r"event: .*\n", "", STREAM),
        STREAM.replace("data: ", "data:"),
        STREAM.replace('":', '": ').replace(',"', ', "'),
        re.sub(r'\{("type":"\w+_delta"),("\w+":"[^{}]*")\}', r"{\2,\1}", STREAM),
        STREAM.replace("content_block_delta\ndata: {", "content_block_delta\ndata: {\ndata:"),
    ],
    ids=["no names", "no blank after the field", "blanks in the JSON", "another order", "lines"],
)
def test_content_is_counted_in_other_forms_too(other_form: str) -> None:
    assert other_form != STREAM
    assert generated(MESSAGES, other_form) == CONTENT
