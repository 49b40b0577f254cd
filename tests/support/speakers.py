"""The two dialects, their generation routes, and short ways to ask them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from trioproxy.model import Asked, Dialect, Generated, Head, Reading
from trioproxy.providers import SPEAKERS
from trioproxy.providers.base import Operation

CLAUDE, GPT = SPEAKERS[Dialect.ANTHROPIC], SPEAKERS[Dialect.OPENAI]
MESSAGES = CLAUDE.recognise("POST", "/v1/messages")
CHAT = GPT.recognise("POST", "/v1/chat/completions")
RESPONSES = GPT.recognise("POST", "/v1/responses")
EMBEDDINGS = GPT.recognise("POST", "/v1/embeddings")


def asked(operation: Operation, chars: int = 20, **body: Any) -> Asked:
    """What is read of a request with this body, apart from its size."""
    speaker = CLAUDE if operation is MESSAGES else GPT
    return replace(speaker.read_request(operation, json.dumps(body).encode(), chars), input_estimate=None)


def metered(operation: Operation, body: str, content_type: str = "text/event-stream") -> Reading:
    """What is read of a whole answer with this body, apart from how much content it has."""
    return replace(_metered(operation, body, content_type), generated=None)


def generated(operation: Operation, body: str, content_type: str = "text/event-stream") -> Generated:
    """How much content a whole answer with this body has."""
    content = _metered(operation, body, content_type).generated
    assert content is not None
    return content


def _metered(operation: Operation, body: str, content_type: str) -> Reading:
    speaker = CLAUDE if operation is MESSAGES else GPT
    meter = speaker.meter(operation, Head(200, ((b"content-type", content_type.encode()),)))
    meter.feed(body.encode())
    meter.end()
    return meter.reading()


def chat(*chunks: str) -> Reading:
    """What is read of a chat stream of these chunks, apart from how much content it has."""
    return metered(CHAT, "".join(f"data: {chunk}\n\n" for chunk in chunks))
