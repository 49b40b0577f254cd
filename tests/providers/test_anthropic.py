"""The Anthropic dialect: what it recognises, the effort that is asked for, how it words errors."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import pytest
from support.speakers import CLAUDE, MESSAGES, asked

from trioproxy.providers.base import Kind, Operation

OTHER = Operation(Kind.OTHER, generation=False)


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/v1/messages", Kind.MESSAGES),
        ("GET", "/v1/messages", None),
        ("POST", "/v1/messages/count_tokens", None),
        ("POST", "/v1/messages/batches", None),
        ("POST", "/v1/complete", None),
        ("POST", "/v1/chat/completions", None),
    ],
)
def test_recognises_generations(method: str, path: str, kind: Kind | None) -> None:
    expected = OTHER if kind is None else Operation(kind, generation=True)
    assert CLAUDE.recognise(method, path) == expected


@pytest.mark.parametrize(
    ("body", "effort"),
    [
        ({"output_config": {"effort": "Max"}, "effort": "low"}, "max"),
        ({"effort": "high"}, "high"),
        ({"effort": "x" * 17, "output_config": 3}, "standard"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "low"),
        ({"thinking": {"type": "enabled", "budget_tokens": 10_000}}, "medium"),
        ({"thinking": {"type": "enabled", "budget_tokens": 31_999}}, "high"),
        ({"thinking": {"type": "enabled", "budget_tokens": 60_000}}, "xhigh"),
        ({"thinking": {"type": "enabled"}}, "standard"),
        ({"thinking": {"type": "disabled", "budget_tokens": 9}}, "standard"),
        ({"thinking": {"type": "adaptive"}}, "standard"),
    ],
)
def test_effort_asked_of_anthropic(body: dict[str, Any], effort: str) -> None:
    assert asked(MESSAGES, **body).effort == effort


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *(
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (404, "not_found_error"),
            (408, "timeout_error"),
        ),
        *((413, "request_too_large"), (426, "invalid_request_error"), (429, "rate_limit_error"), (500, "api_error")),
        *((502, "api_error"), (503, "overloaded_error"), (504, "timeout_error")),
    ],
)
def test_errors_in_the_shape_of_anthropic(status: int, kind: str) -> None:
    body = json.loads(CLAUDE.error_body(status, "code", 'no "way"'))
    assert body == {"type": "error", "error": {"type": kind, "message": 'no "way"'}}
    if status != 413:  # documented, but not in the SDK's list
        assert anthropic.types.ErrorResponse.model_validate({**body, "request_id": None}).error.type == kind
