"""The OpenAI Responses API: the stream with its numbered events, and the whole response.

Shapes: https://platform.openai.com/docs/api-reference/responses-streaming. Usage is told
once, under `response.usage` of the terminal event.
"""

from __future__ import annotations

from typing import Any, Literal

from trioproxy.lab.answers.answer import (
    CREATED_AT,
    EVENT_STREAM,
    Answer,
    cache_written,
    event,
    json_answer,
    usage_of,
    words,
)
from trioproxy.lab.answers.openai import MODEL, REQUEST_ID
from trioproxy.model import Usage

RESPONSE_ID = "resp_scripted"
ITEM_ID = "msg_scripted"

Terminal = Literal["completed", "incomplete", "failed"]


def response_stream(
    text: str, *, model: str = MODEL, usage: Usage | None = None, terminal: Terminal = "completed"
) -> Answer:
    """An event stream of one delta a word. `incomplete` ran out of output tokens; `failed` broke down."""
    opened = _response(model, "in_progress", [], None)
    place = {"item_id": ITEM_ID, "output_index": 0, "content_index": 0}
    deltas = [{"type": "response.output_text.delta", **place, "delta": word, "logprobs": []} for word in words(text)]
    closed = _response(model, terminal, [_item(text, terminal)], usage or usage_of(text))
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": opened},
        {"type": "response.in_progress", "response": opened},
        {"type": "response.output_item.added", "output_index": 0, "item": _item(None, "in_progress")},
        {"type": "response.content_part.added", **place, "part": _part("")},
        *deltas,
        {"type": "response.output_text.done", **place, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": _part(text)},
        {"type": "response.output_item.done", "output_index": 0, "item": _item(text, terminal)},
        {"type": f"response.{terminal}", "response": closed},
    ]
    numbered = ({**data, "sequence_number": number} for number, data in enumerate(events))
    return Answer(tuple(event(data, named=True) for data in numbered), headers=(EVENT_STREAM, *REQUEST_ID))


def response(text: str, *, model: str = MODEL, usage: Usage | None = None) -> Answer:
    """The whole response as JSON."""
    return json_answer(
        _response(model, "completed", [_item(text, "completed")], usage or usage_of(text)), headers=REQUEST_ID
    )


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _item(text: str | None, status: str) -> dict[str, Any]:
    content = [] if text is None else [_part(text)]
    status = "incomplete" if status == "failed" else status
    return {"id": ITEM_ID, "type": "message", "status": status, "role": "assistant", "content": content}


def _response(model: str, status: str, output: list[dict[str, Any]], usage: Usage | None) -> dict[str, Any]:
    return {
        "id": RESPONSE_ID,
        "object": "response",
        "created_at": CREATED_AT,
        "status": status,
        "error": {"code": "server_error", "message": "Scripted."} if status == "failed" else None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "instructions": None,
        "max_output_tokens": None,
        "model": model,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": None if usage is None else _usage(usage),
        "metadata": {},
    }


def _usage(usage: Usage) -> dict[str, Any]:
    read, written = usage.cache_read_tokens or 0, cache_written(usage)
    told = (usage.input_tokens or 0) + read + written
    said = usage.output_tokens or 0
    return {
        "input_tokens": told,
        "input_tokens_details": {"cached_tokens": read, "cache_write_tokens": written},
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens or 0},
        "total_tokens": told + said,
    }
