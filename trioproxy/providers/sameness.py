"""Which requests are the same one, sent again: the one question that the exchange asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trioproxy.model import Arrival
from trioproxy.providers.base import Operation
from trioproxy.providers.likeness import hands_over_tool_results, keeps_history, likeness, samples
from trioproxy.providers.volatile import HEADER_PREFIXES, HEADERS
from trioproxy.rules import reuse
from trioproxy.rules.routes import Route
from trioproxy.settings import ReplaySettings
from trioproxy.wire.canonical import Json
from trioproxy.wire.fingerprint import counting, fingerprint

_counts = counting(HEADERS, HEADER_PREFIXES)


@dataclass(frozen=True, slots=True)
class Sameness:
    """A request that may share an answer with those of the same fingerprint. Holds no text of it."""

    fingerprint: bytes
    # The request says itself that it is sent again.
    retry: bool
    # For how long after its end its answer may be replayed.
    window_s: float


def sameness(
    key: bytes,
    arrival: Arrival,
    said: Mapping[bytes, bytes],
    place: Route,
    operation: Operation,
    found: Json | None,
    replay: ReplaySettings,
) -> Sameness | None:
    """What makes this request, which is `shareable`, the same as others; None if it takes no part in that.

    Args:
        key: the process's own, 16 to 64 bytes of chance.
        said: its headers (`wire.headers.fields`).
        found: what `read_to_compare` made of its body; None if that cannot be read: it is too large, no JSON,
            nested too deep, or names a member twice.
    """
    if found is None or keeps_history(operation.kind, found.value):
        return None
    if samples(found.value) and not replay.sampled:
        return None
    try:
        alike = likeness(operation.kind, found)
    except RecursionError:
        return None
    return Sameness(
        fingerprint=fingerprint(
            key,
            provider=place.provider,
            method=arrival.method,
            target=place.target + b"?" + arrival.query,
            headers=arrival.headers,
            counts=_counts,
            body=alike,
        ),
        retry=reuse.is_retry(said),
        window_s=reuse.window_s(
            tool_results_only=hands_over_tool_results(operation.kind, found.value),
            window_s=replay.window,
            window_tool_result_s=replay.window_tool_result,
        ),
    )


def shareable(said: Mapping[bytes, bytes], operation: Operation, body: bytes, replay: ReplaySettings) -> bool:
    """The cheap questions, asked before anything of the body is read: only generations that may take part at all."""
    return (
        operation.generation
        and reuse.kept_out(said, body_bytes=len(body), max_body_bytes=replay.max_body_bytes) is None
    )
