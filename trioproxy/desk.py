"""Everything an exchange needs, put there by the composition root."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from trioproxy.house import House
from trioproxy.rules.cache_state import CacheTable
from trioproxy.rules.disconnect import Terms
from trioproxy.rules.lifecycle import Phase
from trioproxy.settings import ProviderSettings, ReplaySettings, RoutingSettings
from trioproxy.sources.base import Source
from trioproxy.store.base import Ledger
from trioproxy.store.recordings import Recordings
from trioproxy.trace.traces import Traces


class Upload(Protocol):
    """The request's body as it comes from the client."""

    async def whole(self, limit_bytes: int) -> bytes:
        """All of it. Raises ClientError."""
        ...

    async def stream(self) -> AsyncIterable[bytes] | None:
        """Its pieces as they come; None if it is empty. Raises ClientError, now and later."""
        ...


@dataclass(frozen=True, slots=True)
class ReuseDesk:
    """What is needed to answer the same request without a call of its own."""

    settings: ReplaySettings
    recordings: Recordings
    # Of the fingerprints: made for this process, so that nothing of a request can be guessed from one.
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RoutingDesk:
    """What is needed to send a simple prompt to a cheaper model, or to add prompt caching."""

    settings: RoutingSettings
    caches: CacheTable
    # Of what is known of sessions; see `ReuseDesk.key`.
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Desk:
    """The desk of all exchanges. Of `reuse`, `routing` and `traces`, None is off: nothing is paid for it then."""

    providers: Mapping[str, ProviderSettings]
    terms: Mapping[str, Terms]
    limits_s: Mapping[Phase, float]
    max_request_bytes: int
    preview_chars: int
    source: Source
    ledger: Ledger
    house: House
    clock: Callable[[], float]
    chance: Callable[[int], bytes] = os.urandom
    reuse: ReuseDesk | None = None
    routing: RoutingDesk | None = None
    traces: Traces | None = None
