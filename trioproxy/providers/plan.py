"""From a client's request to what goes upstream: verbatim, save for what the header rules say."""

from __future__ import annotations

from collections.abc import AsyncIterable
from functools import lru_cache
from urllib.parse import urlsplit

from trioproxy.model import Arrival, Plan
from trioproxy.providers.base import Operation
from trioproxy.rules.routes import Route
from trioproxy.wire.headers import request_headers


def plan(
    arrival: Arrival,
    place: Route,
    operation: Operation,
    *,
    base_url: str,
    ca_file: str | None,
    body: bytes | AsyncIterable[bytes] | None,
) -> Plan:
    """What goes upstream for `arrival`.

    Example: `/groq/v1/models?x=1` with base URL `https://api.groq.com/openai` has the
    target `/openai/v1/models?x=1` and the host `api.groq.com`.
    """
    host, prefix = _base(base_url)
    query = b"?" + arrival.query if arrival.query else b""
    whole_length = len(body) if isinstance(body, bytes) else None
    return Plan(
        method=arrival.method,
        base_url=base_url,
        target=prefix + place.target + query,
        headers=request_headers(arrival.headers, host=host, whole_length=whole_length, identity=operation.generation),
        body=body,
        ca_file=ca_file,
    )


@lru_cache(maxsize=256)
def _base(base_url: str) -> tuple[bytes, bytes]:
    parts = urlsplit(base_url)
    return parts.netloc.rpartition("@")[2].encode("ascii"), parts.path.rstrip("/").encode("ascii")
