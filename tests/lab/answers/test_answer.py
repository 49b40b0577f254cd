"""An answer becomes a script, whole or cut."""

from __future__ import annotations

import json

import pytest

from trioproxy.lab import answers
from trioproxy.lab.script import Chunk, End, Framing, Head, Reset


def test_a_stream_is_a_chunk_an_event_at_a_pace() -> None:
    answer = answers.message_stream("one two")
    script = answer.script(head_after_s=0.5, every_s=0.1)

    assert script.steps[0] == (0.5, Head(200, answer.headers, Framing.CHUNKED))
    assert script.steps[1:-1] == tuple((0.1, Chunk(part)) for part in answer.parts)
    assert script.ending == End()
    assert script.body == answer.body


def test_json_goes_out_by_length() -> None:
    head = answers.chat("one").script().steps[0][1]

    assert isinstance(head, Head)
    assert head.framing is Framing.LENGTH


def test_a_cut_answer_ends_as_told() -> None:
    whole = answers.message_stream("one two")
    cut = whole.up_to(3, answers.anthropic_error_event(529))

    assert cut.parts[:3] == whole.parts[:3]
    assert len(cut.parts) == 4
    assert b"overloaded_error" in cut.body
    assert cut.script(then=Reset()).ending == Reset()
    assert whole.up_to(-1).body + whole.parts[-1] == whole.body


def test_errors_in_their_apis_shapes() -> None:
    limited = answers.anthropic_error(429, "Slow down.", retry_after_s=7)

    assert limited.status == 429
    assert (b"retry-after", b"7") in limited.headers
    assert json.loads(limited.body)["error"] == {"type": "rate_limit_error", "message": "Slow down."}
    assert json.loads(answers.anthropic_error(529).body)["error"]["type"] == "overloaded_error"
    refused = json.loads(answers.openai_error(429).body)["error"]
    assert (refused["type"], refused["code"]) == ("requests", "rate_limit_exceeded")
    assert answers.openai_error_event(500).startswith(b'data: {"error":{')


def test_parts_are_joined_into_reads() -> None:
    whole = answers.message_stream("one")

    assert whole.in_reads(3, 1, 2, 1).parts == (
        b"".join(whole.parts[:3]), whole.parts[3], b"".join(whole.parts[4:6]), whole.parts[6],
    )  # fmt: skip
    with pytest.raises(ValueError, match="7 parts cannot be cut into"):
        whole.in_reads(3, 1)
