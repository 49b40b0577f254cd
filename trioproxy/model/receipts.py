"""What is written down of a call and of a delivery: as it opens, and as it ends."""

from __future__ import annotations

from dataclasses import dataclass

from trioproxy.model.kinds import CallOutcome, Dialect, ExchangeOutcome, Policy, SavingKind, ServedBy, UsageSource
from trioproxy.model.values import Reading


@dataclass(frozen=True, slots=True)
class Saving:
    """Something done to a request so that it costs less; or, if `held_back` says why, left undone."""

    kind: SavingKind
    # What the client asked for, and what it got instead (or would have got); the same for `prompt_caching`.
    model_from: str | None = None
    model_to: str | None = None
    # How hard the prompt is taken to be, 0 to 10.
    score: int | None = None
    # What is particular to one request stands in parentheses at the end: sums over requests leave it out.
    held_back: str | None = None


@dataclass(frozen=True, slots=True)
class CallOpening:
    """The `calls` row as it is written before the first byte goes upstream."""

    id: str
    exchange_id: str
    started_at: float
    provider: str
    dialect: Dialect
    method: str
    path: str
    model_requested: str | None
    model_sent: str | None
    effort: str | None
    policy: Policy
    savings: tuple[Saving, ...] = ()


@dataclass(frozen=True, slots=True)
class CallReceipt:
    """How a call ended: everything that is added to its row when it is settled."""

    opening: CallOpening
    ended_at: float
    outcome: CallOutcome
    status: int | None
    reading: Reading
    request_id: str | None
    ttfb_ms: float | None
    duration_ms: float
    detached_ms: float
    bytes_in: int
    error: str | None
    usage_source: UsageSource = UsageSource.NONE


@dataclass(frozen=True, slots=True)
class ExchangeOpening:
    """The `exchanges` row as far as the request tells."""

    id: str
    started_at: float
    provider: str
    method: str
    path: str
    http_version: str
    source: str
    session: str | None
    agent: str | None
    preview: str | None


@dataclass(frozen=True, slots=True)
class ExchangeReceipt:
    """How the delivery ended."""

    opening: ExchangeOpening
    ended_at: float
    served_by: ServedBy
    call_id: str | None
    outcome: ExchangeOutcome
    status: int | None
    ttfb_ms: float | None
    duration_ms: float
    bytes_out: int
    error: str | None
