"""The Anthropic dialect: the Messages API (https://docs.claude.com/en/api/messages)."""

from __future__ import annotations

import msgspec

from trioproxy.model import Asked, Dialect, Head
from trioproxy.providers.anthropic_meters import MessagesEvents, MessagesJson
from trioproxy.providers.asking import STANDARD, effort_named, last_user_text, plain, wanted
from trioproxy.providers.base import Kind, Meter, Operation
from trioproxy.providers.estimating import input_estimate
from trioproxy.providers.fields import count, members, parse, text
from trioproxy.providers.meters import meter_for
from trioproxy.wire.canonical import Json

_MESSAGES = Operation(Kind.MESSAGES, generation=True)
_OTHER = Operation(Kind.OTHER, generation=False)

# https://docs.claude.com/en/api/errors
_ERROR_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}

# Older models are asked for effort by a budget of thinking tokens; up to how many it counts as which level.
_BUDGETS = ((4_096, "low"), (16_384, "medium"), (32_000, "high"))


class _Request(msgspec.Struct):
    model: object = None
    output_config: object = None
    effort: object = None
    thinking: object = None
    tools: msgspec.Raw = msgspec.Raw()


# What is only to be there is not written out again.
_LARGE = frozenset(("tools",))


class _RequestWithMessages(_Request):
    messages: list[msgspec.Raw] | None = None


_parse_request = msgspec.json.Decoder(_Request).decode
_parse_with_messages = msgspec.json.Decoder(_RequestWithMessages).decode


class Anthropic:
    """Speaks the Anthropic dialect."""

    dialect = Dialect.ANTHROPIC

    def recognise(self, method: str, path: str) -> Operation:
        """Messages alone are generations; counting tokens and batches are not."""
        return _MESSAGES if method == "POST" and path == "/v1/messages" else _OTHER

    def read_request(
        self,
        operation: Operation,
        body: bytes,
        preview_chars: int,
        *,
        content_encoding: str = "",
        found: Json | None = None,
    ) -> Asked:
        """Model, effort, the start of the last user message, and about how many tokens it is."""
        if not operation.generation:
            return Asked()
        body_plain = plain(body, content_encoding)
        asked = None
        if preview_chars > 0:
            asked = parse(_parse_with_messages, wanted(_RequestWithMessages, body_plain, found, but=_LARGE))
        request = asked or parse(_parse_request, wanted(_Request, body_plain, found, but=_LARGE))
        if request is None or body_plain is None:
            return Asked()
        return Asked(
            model=text(request.model),
            effort=_effort(request),
            preview=last_user_text(asked.messages, preview_chars) if asked else None,
            input_estimate=input_estimate(operation.kind, body_plain, tools=_offers_tools(request, found)),
        )

    def meter(self, operation: Operation, head: Head) -> Meter:
        """A meter for the answer with this head."""
        return meter_for(
            operation, head, events=MessagesEvents, json=MessagesJson
        )  # fmt: skip

    def error_body(self, status: int, code: str, message: str) -> bytes:
        """`{"type": "error", "error": {"type": …, "message": …}}`."""
        kind = _ERROR_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
        return msgspec.json.encode({"type": "error", "error": {"type": kind, "message": message}})


def _offers_tools(request: _Request, found: Json | None) -> bool:
    if found is not None and isinstance(found.value, dict):
        return bool(found.value.get("tools"))
    return len(request.tools) > len(b"null")


def _effort(request: _Request) -> str:
    named = effort_named(members(request.output_config).get("effort"), request.effort)
    if named is not None:
        return named
    thinking = members(request.thinking)
    budget = count(thinking.get("budget_tokens"))
    if thinking.get("type") != "enabled" or budget is None:
        return STANDARD
    return next((level for limit, level in _BUDGETS if budget <= limit), "xhigh")
