"""The OpenAI chat, embeddings and models APIs, as OpenAI and those compatible with it speak them.

Shapes: https://platform.openai.com/docs/api-reference/chat-streaming. With
`stream_options.include_usage` every chunk has a `usage` of null and one more,
without choices, tells it before `[DONE]`; without it no usage is told at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
from trioproxy.model import RawHeaders, Usage

MODEL = "gpt-5-mini"
EMBEDDING_MODEL = "text-embedding-3-small"
CHAT_ID = "chatcmpl-Scripted"
REQUEST_ID: RawHeaders = ((b"x-request-id", b"req_scripted"),)
DONE = b"data: [DONE]\n\n"
ERROR_TYPES = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", None),
}


def chat_stream(
    text: str,
    *,
    model: str = MODEL,
    usage: Usage | None = None,
    include_usage: bool = False,
    finish_reason: str = "stop",
    done: bool = True,
) -> Answer:
    """An event stream of one chunk a word; `done=False` leaves `[DONE]` out, as some providers do."""
    deltas: list[tuple[dict[str, Any], str | None]] = [
        ({"role": "assistant", "content": "", "refusal": None}, None),
        *(({"content": word}, None) for word in words(text)),
        ({}, finish_reason),
    ]
    chunks = [
        _chunk(model, [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}])
        for delta, reason in deltas
    ]
    if include_usage:
        chunks = [{**chunk, "usage": None} for chunk in chunks]
        chunks.append({**_chunk(model, []), "usage": _usage(usage or usage_of(text))})
    parts = [event(chunk, named=False) for chunk in chunks]
    return Answer((*parts, DONE) if done else tuple(parts), headers=(EVENT_STREAM, *REQUEST_ID))


def chat(text: str, *, model: str = MODEL, usage: Usage | None = None, finish_reason: str = "stop") -> Answer:
    """The whole completion as JSON."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
        "logprobs": None,
        "finish_reason": finish_reason,
    }
    value = {**_chunk(model, [choice]), "object": "chat.completion", "usage": _usage(usage or usage_of(text))}
    return json_answer(value, headers=REQUEST_ID)


def embeddings(inputs: Sequence[str], *, model: str = EMBEDDING_MODEL, dimensions: int = 8) -> Answer:
    """One vector an input: the share of each residue class among the input's bytes."""
    data = [
        {"object": "embedding", "index": index, "embedding": _vector(text.encode(), dimensions)}
        for index, text in enumerate(inputs)
    ]
    tokens = sum(len(words(text)) for text in inputs)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return json_answer({"object": "list", "data": data, "model": model, "usage": usage}, headers=REQUEST_ID)


def openai_error(status: int, text: str = "Scripted.", *, retry_after_s: int | None = None) -> Answer:
    """An error answer: 400, 429 with `retry-after`."""
    retry: RawHeaders = () if retry_after_s is None else ((b"retry-after", str(retry_after_s).encode()),)
    return json_answer(_error(status, text), status=status, headers=(*REQUEST_ID, *retry))


def openai_error_event(status: int = 500, text: str = "The server had an error.") -> bytes:
    """The chunk that tells of an error once the 200 is out."""
    return event(_error(status, text), named=False)


def openai_models(models: Sequence[str]) -> Answer:
    """The answer to `GET /v1/models`, in OpenAI's shape."""
    data = [{"id": name, "object": "model", "created": CREATED_AT, "owned_by": "scripted"} for name in models]
    return json_answer({"object": "list", "data": data}, headers=REQUEST_ID)


def _chunk(model: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": CHAT_ID,
        "object": "chat.completion.chunk",
        "created": CREATED_AT,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
        "choices": choices,
    }


def _usage(usage: Usage) -> dict[str, Any]:
    """OpenAI's sums: the prompt includes what was read from and written to the cache, the completion the reasoning."""
    read, written = usage.cache_read_tokens or 0, cache_written(usage)
    prompt = (usage.input_tokens or 0) + read + written
    completion = usage.output_tokens or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": written, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens or 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _vector(data: bytes, dimensions: int) -> list[float]:
    return [round(sum(byte % dimensions == axis for byte in data) / max(len(data), 1), 6) for axis in range(dimensions)]


def _error(status: int, text: str) -> dict[str, Any]:
    kind, code = ERROR_TYPES.get(status, ("server_error", None))
    return {"error": {"message": text, "type": kind, "param": None, "code": code}}
