"""The Anthropic Messages API: streams, messages, errors, token counts, models.

Shapes: https://docs.claude.com/en/api/messages-streaming. The first event holds the
cache's split by lifetime; `message_delta` repeats the sums, cumulative, without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trioproxy.lab.answers.answer import EVENT_STREAM, Answer, cache_written, event, json_answer, usage_of, words
from trioproxy.model import RawHeaders, Usage

MODEL = "claude-haiku-4-5"
MESSAGE_ID = "msg_01ScriptedScriptedScript"
REQUEST_ID: RawHeaders = ((b"request-id", b"req_011ScriptedScriptedScript"),)
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


def message_stream(
    text: str, *, model: str = MODEL, usage: Usage | None = None, stop_reason: str = "end_turn"
) -> Answer:
    """An event stream: start, ping, a text block of one delta a word, the cumulative usage, stop."""
    usage = usage or usage_of(text)
    start = _message([], model, None, _full_usage(usage, output_tokens=1))
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
        for word in words(text)
    ]
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *deltas,
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop_reason, "stop_sequence": None},
            "usage": _sums(usage, usage.output_tokens),
        },
        {"type": "message_stop"},
    ]
    return Answer(
        tuple(event(data, named=True) for data in events),
        headers=(EVENT_STREAM, (b"cache-control", b"no-cache"), *REQUEST_ID),
    )


def message(text: str, *, model: str = MODEL, usage: Usage | None = None, stop_reason: str = "end_turn") -> Answer:
    """The whole message as JSON (`stream: false`)."""
    usage = usage or usage_of(text)
    content = [{"type": "text", "text": text}]
    return json_answer(
        _message(content, model, stop_reason, _full_usage(usage, usage.output_tokens)), headers=REQUEST_ID
    )


def anthropic_error(status: int, text: str = "Scripted.", *, retry_after_s: int | None = None) -> Answer:
    """An error answer: 400, 429 with `retry-after`, 529 overloaded."""
    retry: RawHeaders = () if retry_after_s is None else ((b"retry-after", str(retry_after_s).encode()),)
    return json_answer(_error(status, text), status=status, headers=(*REQUEST_ID, *retry))


def anthropic_error_event(status: int = 529, text: str = "Overloaded") -> bytes:
    """The event that tells of an error once the 200 is out."""
    return event(_error(status, text), named=True)


def message_tokens(input_tokens: int) -> Answer:
    """The answer of `/v1/messages/count_tokens`."""
    return json_answer({"input_tokens": input_tokens}, headers=REQUEST_ID)


def anthropic_models(models: Sequence[str]) -> Answer:
    """The answer to `GET /v1/models`, in Anthropic's shape."""
    created_at = "2026-01-01T00:00:00Z"
    data = [
        {"type": "model", "id": name, "display_name": name, "created_at": created_at, "lifecycle": "active"}
        for name in models
    ]
    return json_answer(
        {"data": data, "has_more": False, "first_id": models[0], "last_id": models[-1]}, headers=REQUEST_ID
    )


def _message(
    content: list[dict[str, Any]], model: str, stop_reason: str | None, usage: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": MESSAGE_ID,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage,
    }


def _sums(usage: Usage, output_tokens: int | None) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "cache_creation_input_tokens": cache_written(usage),
        "cache_read_input_tokens": usage.cache_read_tokens,
        "output_tokens": output_tokens,
    }


def _full_usage(usage: Usage, output_tokens: int | None) -> dict[str, Any]:
    return {
        **_sums(usage, output_tokens),
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write_5m_tokens,
            "ephemeral_1h_input_tokens": usage.cache_write_1h_tokens,
        },
        "service_tier": "standard",
    }


def _error(status: int, text: str) -> dict[str, Any]:
    return {
        "type": "error",
        "error": {"type": ERROR_TYPES.get(status, "api_error"), "message": text},
        "request_id": REQUEST_ID[0][1].decode(),
    }
