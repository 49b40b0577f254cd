"""Answers of LLM APIs as data: whole event streams and JSON bodies, built from a text.

    message_stream("Hello there.").script(every_s=0.05)

One file a way of speaking; `by_path` picks the right one for a request.
"""

from __future__ import annotations

from trioproxy.lab.answers.answer import Answer
from trioproxy.lab.answers.anthropic import (
    anthropic_error,
    anthropic_error_event,
    message,
    message_stream,
    message_tokens,
)
from trioproxy.lab.answers.by_path import answer_to
from trioproxy.lab.answers.openai import chat, chat_stream, embeddings, openai_error, openai_error_event
from trioproxy.lab.answers.responses import response, response_stream

__all__ = [
    "Answer",
    "answer_to",
    "anthropic_error",
    "anthropic_error_event",
    "chat",
    "chat_stream",
    "embeddings",
    "message",
    "message_stream",
    "message_tokens",
    "openai_error",
    "openai_error_event",
    "response",
    "response_stream",
]
