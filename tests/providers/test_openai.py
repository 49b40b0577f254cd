"""The OpenAI dialect: what it recognises, the effort that is asked for, how it words errors."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from support.speakers import CHAT, EMBEDDINGS, GPT, RESPONSES, asked

from trioproxy.model import Asked
from trioproxy.providers.base import Kind, Operation

OTHER = Operation(Kind.OTHER, generation=False)


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/v1/chat/completions", Kind.CHAT),
        ("POST", "/v1/completions", Kind.CHAT),
        ("POST", "/v1/responses", Kind.RESPONSES),
        ("POST", "/v1/embeddings", Kind.EMBEDDINGS),
        ("GET", "/v1/responses", None),
        ("POST", "/v1/responses/resp_1/cancel", None),
        ("POST", "/v1/files", None),
        ("BREW", "/v1/chat/completions", None),
    ],
)
def test_recognises_generations(method: str, path: str, kind: Kind | None) -> None:
    expected = OTHER if kind is None else Operation(kind, generation=True)
    assert GPT.recognise(method, path) == expected


@pytest.mark.parametrize(
    ("body", "effort"),
    [
        ({"reasoning_effort": "minimal"}, "minimal"),
        ({"reasoning": {"effort": "xhigh", "summary": "auto"}}, "xhigh"),
        ({"reasoning": {"effort": None}}, "standard"),
        ({"reasoning_effort": 5}, "standard"),
    ],
)
def test_effort_asked_of_openai(body: dict[str, Any], effort: str) -> None:
    assert asked(CHAT, **body).effort == effort
    assert asked(RESPONSES, **body).effort == effort


def test_embeddings_have_neither_effort_nor_preview() -> None:
    assert asked(EMBEDDINGS, model="text-embedding-3-small", input="x") == Asked("text-embedding-3-small")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (404, "invalid_request_error"), (429, "rate_limit_error"), (502, "server_error")],
)
def test_errors_in_the_shape_of_openai(status: int, kind: str) -> None:
    body = json.loads(GPT.error_body(status, "upstream_closed", "no"))
    assert body == {"error": {"message": "no", "type": kind, "param": None, "code": "upstream_closed"}}
    error = openai.APIError("no", request=None, body=body["error"])  # type: ignore[arg-type]
    assert (error.code, error.type) == ("upstream_closed", kind)
