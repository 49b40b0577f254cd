"""An API that answers every question with the same text, in the shape that was asked for.

What a client sees when it is pointed at the demo's upstream: Anthropic or OpenAI by
the path, an event stream or JSON by the body's `stream`, the model it named.
"""

from __future__ import annotations

import json
from typing import Any

from trioproxy.lab.answers import anthropic, openai, responses
from trioproxy.lab.answers.answer import Answer, usage_of, words
from trioproxy.model import RawHeaders

MODELS = {"anthropic": ("claude-haiku-4-5", "claude-sonnet-4-6"), "openai": ("gpt-5-mini", "gpt-5-nano")}


def answer_to(path: str, headers: RawHeaders, body: bytes, text: str) -> Answer:
    """The answer to a request for `path` (without its query): `text`, as that API says it; 404 elsewhere."""
    asked = _read(body)
    model = asked.get("model")
    model = model if isinstance(model, str) else None
    streamed = asked.get("stream") is True
    usage = usage_of(text, input_tokens=len(words(_prompt(asked))))
    match path:
        case "/v1/messages":
            say = anthropic.message_stream if streamed else anthropic.message
            return say(text, model=model or anthropic.MODEL, usage=usage)
        case "/v1/messages/count_tokens":
            return anthropic.message_tokens(usage.input_tokens or 0)
        case "/v1/chat/completions" if streamed:
            options = asked.get("stream_options")
            told = isinstance(options, dict) and options.get("include_usage") is True
            return openai.chat_stream(text, model=model or openai.MODEL, usage=usage, include_usage=told)
        case "/v1/chat/completions":
            return openai.chat(text, model=model or openai.MODEL, usage=usage)
        case "/v1/responses":
            reply = responses.response_stream if streamed else responses.response
            return reply(text, model=model or openai.MODEL, usage=usage)
        case "/v1/embeddings":
            given = asked.get("input")
            inputs = [str(item) for item in given] if isinstance(given, list) else [str(given)]
            return openai.embeddings(inputs, model=model or openai.EMBEDDING_MODEL)
        case "/v1/models" if _speaks_anthropic(headers):
            return anthropic.anthropic_models(MODELS["anthropic"])
        case "/v1/models":
            return openai.openai_models(MODELS["openai"])
    if _speaks_anthropic(headers):
        return anthropic.anthropic_error(404, f"{path} is not in the script")
    return openai.openai_error(404, f"{path} is not in the script")


def _speaks_anthropic(headers: RawHeaders) -> bool:
    return any(name.lower() == b"anthropic-version" for name, _ in headers)


def _read(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _prompt(asked: dict[str, Any]) -> str:
    """All texts of the request that a model would be charged for."""
    found: list[str] = []
    waiting: list[object] = [asked.get(key) for key in ("system", "instructions", "messages", "input")]
    while waiting:
        match waiting.pop():
            case str(text):
                found.append(text)
            case list(items):
                waiting.extend(items)
            case {"content": content}:
                waiting.append(content)
            case {"text": text}:
                waiting.append(text)
    return " ".join(found)
