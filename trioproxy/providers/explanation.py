"""What the proxy would do with a request, and why: its own rules, asked without a proxy and without a call.

What only a running proxy knows (caches of sessions, live twins, recordings) is not asked; `unknown` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trioproxy.model import Arrival, Join, Policy, Until
from trioproxy.providers import SPEAKERS
from trioproxy.providers.asking import READ_BYTES, plain
from trioproxy.providers.base import Kind, Operation
from trioproxy.providers.economy import ROUTED, Economy, economised, edits
from trioproxy.providers.likeness import hands_over_tool_results, keeps_history, samples
from trioproxy.providers.usage_asking import with_usage_asked
from trioproxy.rules.disconnect import Progress, applying, outlives_s, terms
from trioproxy.rules.lifecycle import Phase
from trioproxy.rules.reuse import kept_out, window_s
from trioproxy.rules.routes import Route, route
from trioproxy.rules.routing import Decision, decide
from trioproxy.settings import ReplaySettings, RoutingSettings, Settings
from trioproxy.wire.canonical import read
from trioproxy.wire.headers import coding, fields

UNKNOWN = (
    "the cache of the session: where it is warm, a session stays with its model",
    "answers in flight, and answers that could be replayed",
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Facts about one request, in the order in which they are decided. Times are in seconds."""

    provider: str
    dialect: str
    target: str
    kind: str
    generation: bool
    model_requested: str | None
    model_sent: str | None
    # "on", or why not.
    routing: str
    score: int | None
    reasons: tuple[str, ...]
    held_back: str | None
    edits: tuple[str, ...]
    prompt_caching: str
    include_usage: str
    on_disconnect: Policy
    # How long a stream in progress outlives its last client.
    outlives_s: float
    # What `drain` waits for; None with the other policies.
    until: Until | None
    # The limit that ends it at once all the same.
    bound: str | None
    # None where it takes part in joining and replay.
    not_reused: str | None
    replay_window_s: float | None
    join: Join | None
    unknown: tuple[str, ...]


def explanation(arrival: Arrival, body: bytes, settings: Settings) -> Explanation:
    """Explain what would be done with a request.

    Args:
        body: as it was sent, perhaps compressed: its `content-encoding` is among the headers.

    Raises:
        UnknownRoute, UnknownProvider: the path is none that goes anywhere.
        ValueError: a generation's body is not JSON that can be read, or is too large to be read.
    """
    place = route(arrival.raw_path, settings.providers)
    provider, routing = settings.providers[place.provider], settings.routing
    speaker = SPEAKERS[provider.dialect]
    operation = speaker.recognise(arrival.method, place.path)
    said = fields(arrival.headers)
    codings = coding(said.get(b"content-encoding"))
    readable = plain(body, codings)
    if operation.generation and readable is not None and len(readable) > READ_BYTES:
        raise ValueError(
            f"a body of {len(readable)} bytes is not read, the limit is {READ_BYTES}; it would go upstream as it is"
        )
    found = read(readable) if readable is not None else None
    value = found.value if found is not None else None
    if operation.generation and not isinstance(value, dict):
        raise ValueError("no JSON object that can be read; it would go upstream as it is")
    asked = speaker.read_request(operation, body, 0, content_encoding=codings, found=found)
    out = economised(
        operation.kind, body, found, arrival.headers, routing, coding=codings, input_tokens=asked.input_estimate
    )
    routed, decision = _routing(operation, value, asked.model, routing, out, asked.input_estimate)
    made = edits(out, value, arrival.headers)
    asks_usage, usage_said = _usage(operation, provider.include_usage, out.body if readable is body else None, value)
    of_all = terms(settings.disconnect, provider.on_disconnect, max_bytes=settings.replay.max_body_bytes)
    limits = applying(of_all, generation=operation.generation)
    stay = outlives_s(limits, Progress(Phase.STREAMING, 200, bytes_in=0, usage_known=False, detached=0))
    not_reused = _not_reused(said, operation, readable, value, settings.replay)
    return Explanation(
        provider=place.provider,
        dialect=provider.dialect,
        target=_target(place, arrival),
        kind=operation.kind,
        generation=operation.generation,
        model_requested=asked.model,
        model_sent=out.model or asked.model,
        routing=routed,
        score=decision.score if decision else None,
        reasons=decision.reasons if decision else (),
        held_back=decision.held_back if decision else None,
        edits=(*made, "stream_options.include_usage set") if asks_usage else made,
        prompt_caching=_caching(operation, routing, out, asked.model),
        include_usage=usage_said,
        on_disconnect=limits.policy,
        outlives_s=stay.seconds_s,
        until=limits.until if limits.policy is Policy.DRAIN else None,
        bound=stay.bound,
        not_reused=not_reused,
        replay_window_s=_window_s(operation, value, settings.replay) if not_reused is None else None,
        join=settings.replay.join if not_reused is None else None,
        unknown=UNKNOWN if operation.generation else (),
    )


def _target(place: Route, arrival: Arrival) -> str:
    return (place.target + (b"?" + arrival.query if arrival.query else b"")).decode("latin-1")


def _routing(
    operation: Operation, value: object, model: str | None, routing: RoutingSettings, out: Economy, tokens: int | None
) -> tuple[str, Decision | None]:
    if operation.kind not in ROUTED or model is None:
        return "no: not a request to a model that is routed", None
    if out.decision is not None:
        return "on", out.decision
    # Off, but whoever asks wants to know what it would do.
    decision = decide(value, model, routing, input_tokens=tokens)
    return "off (routing.enabled)" + (f"; it would send {decision.model}" if decision.model else ""), decision


def _caching(operation: Operation, routing: RoutingSettings, out: Economy, model: str | None) -> str:
    if operation.kind is not Kind.MESSAGES:
        return "no: for Anthropic's messages alone"
    if not routing.prompt_caching:
        return "off (routing.prompt_caching)"
    if model is None:
        return "no: the body names no model"
    if out.caching is None:
        return "no: the client has set a cache_control itself"
    return f"no: {out.caching.held_back}" if out.caching.held_back else "asked for"


def _usage(operation: Operation, included: bool, body: bytes | None, value: object) -> tuple[bool, str]:
    """Whether the usage is asked for in the client's stead, and that in words."""
    if operation.kind is not Kind.CHAT:
        return False, "no: for chat streams alone"
    if not included:
        return False, "off (include_usage of the provider)"
    if body is None:
        return False, "no: the request's body is compressed"
    if with_usage_asked(body, value) is None:
        return False, "no: not a stream, or its client asks itself"
    return True, "asked for, and its event taken out again"


def _window_s(operation: Operation, value: object, replay: ReplaySettings) -> float:
    return window_s(
        tool_results_only=hands_over_tool_results(operation.kind, value),
        window_s=replay.window,
        window_tool_result_s=replay.window_tool_result,
    )


def _not_reused(
    said: Mapping[bytes, bytes], operation: Operation, readable: bytes | None, value: object, replay: ReplaySettings
) -> str | None:
    """Why the request takes no part in joining and replay; None if it does."""
    if not replay.enabled:
        return "off (replay.enabled)"
    if not operation.generation or readable is None:
        return "not a generation"
    if samples(value) and not replay.sampled:
        return "it sets its own sampling: temperature, top_p, n or seed (replay.sampled)"
    if keeps_history(operation.kind, value):
        return "the server keeps its history: conversation"
    return kept_out(said, body_bytes=len(readable), max_body_bytes=replay.max_body_bytes)
