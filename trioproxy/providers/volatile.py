"""What changes from one sending of a request to the next without changing what is asked.

Only what stands here is left out when two requests are compared; whatever is
not known counts. Seen in real clients: Claude Code resends the very same bytes
with the very same headers; Codex resends with the members of `client_metadata`
in another order; of two sessions that ask the same thing, Claude Code's differ
in `metadata.user_id` and its session header, Codex' in `client_metadata`,
`prompt_cache_key`, the `id` of each input item and five headers.

Counted on purpose: `idempotency-key` (a resend keeps it, another key says another
request), `x-claude-code-agent-id` (three agents with one task are asked for three
answers), OpenAI's `user`, `safety_identifier`, `metadata` and `store` (who asked,
and what the upstream keeps under which name).
"""

from __future__ import annotations

from collections.abc import Mapping

from trioproxy.providers.base import Kind

# What SDKs made by Stainless say of themselves: platform, timeout, and how often they have tried.
HEADER_PREFIXES = (b"x-stainless-",)

_SOFTWARE = frozenset({b"user-agent"})
# A name for this one sending.
_REQUEST_IDS = frozenset({b"x-request-id", b"x-client-request-id", b"request-id", b"x-correlation-id"})
# W3C Trace Context and Baggage, and those of B3, Jaeger, Datadog, Sentry, AWS and Google.
_TRACING = frozenset(
    {
        b"traceparent",
        b"tracestate",
        b"baggage",
        b"b3",
        b"x-b3-traceid",
        b"x-b3-spanid",
        b"x-b3-parentspanid",
        b"x-b3-sampled",
        b"x-b3-flags",
        b"uber-trace-id",
        b"x-datadog-trace-id",
        b"x-datadog-parent-id",
        b"x-datadog-sampling-priority",
        b"x-datadog-origin",
        b"x-datadog-tags",
        b"sentry-trace",
        b"x-amzn-trace-id",
        b"x-cloud-trace-context",
    }
)
_CLAUDE_CODE = frozenset({b"x-claude-code-session-id"})
_CODEX = frozenset(
    {
        b"session-id",
        b"thread-id",
        b"session_id",  # as older versions spell them
        b"conversation_id",
        b"x-codex-window-id",  # the session's id and a number
        b"x-codex-turn-metadata",  # ids and the time at which the turn began
        # Which server the turn began at: the first answer gives it, so a resend has it and the first request has not.
        b"x-codex-turn-state",
    }
)
HEADERS = _SOFTWARE | _REQUEST_IDS | _TRACING | _CLAUDE_CODE | _CODEX

# Members of the request itself. `metadata` at Anthropic is an id of the user for the provider's own eyes;
# `prompt_cache_key` says where a cache may be found, not what to say.
MEMBERS: Mapping[Kind, frozenset[str]] = {
    Kind.MESSAGES: frozenset({"metadata"}),
    Kind.CHAT: frozenset({"prompt_cache_key"}),
    Kind.RESPONSES: frozenset({"client_metadata", "prompt_cache_key"}),
}

# Items of a Responses API input that say everything they mean beside their `id`. For others, an `item_reference` or
# a reasoning item that the provider keeps, the id is what they say.
SELF_CONTAINED_ITEMS = frozenset(
    {
        "message",
        "additional_tools",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
    }
)
