"""The values that travel with a request, in the order in which they appear.

    Arrival ───▶ Asked ──▶ Plan ────▶ Head ──▶ Reading ─▶ receipts
    the client's  what it   what goes  the      what was   how the call and the
    request       asks for  upstream   answer   metered    delivery ended

All of them are frozen; times are seconds since the epoch (`_at`) or
milliseconds (`_ms`), sizes are bytes, headers are raw `(name, value)` pairs in
their original order.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass
from enum import StrEnum

RawHeaders = tuple[tuple[bytes, bytes], ...]


class Dialect(StrEnum):
    """How a provider's bodies are read."""

    ANTHROPIC = "anthropic"
    OPENAI = "openai"


class CallOutcome(StrEnum):
    """How an upstream call ended (column `calls.outcome`)."""

    COMPLETED = "completed"
    ABANDONED = "abandoned"
    UPSTREAM_ERROR = "upstream_error"
    TRUNCATED = "truncated"
    TIMEOUT = "timeout"
    CONNECT_FAILED = "connect_failed"
    SHUTDOWN = "shutdown"
    CRASHED = "crashed"
    INTERNAL_ERROR = "internal_error"


class ExchangeOutcome(StrEnum):
    """How the delivery to one client ended (column `exchanges.outcome`)."""

    DELIVERED = "delivered"
    CLIENT_LEFT = "client_left"
    CLIENT_STALLED = "client_stalled"
    UPSTREAM_FAILED = "upstream_failed"
    REJECTED = "rejected"
    SHUTDOWN = "shutdown"
    CRASHED = "crashed"


class ServedBy(StrEnum):
    """Who answered the client (column `exchanges.served_by`)."""

    CALL = "call"
    PROXY = "proxy"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One client request as it came, without its body."""

    id: str
    at: float
    method: str
    raw_path: bytes
    query: bytes
    headers: RawHeaders
    http_version: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a generation request's body asks for, as far as the ledger wants to know."""

    model: str | None = None
    effort: str | None = None
    preview: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes upstream. `body` is whole, or a stream that can be read once, or nothing."""

    method: str
    base_url: str
    target: bytes
    headers: RawHeaders
    body: bytes | AsyncIterable[bytes] | None
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """A response head: raw end-to-end headers, hop-by-hop ones already gone."""

    status: int
    headers: RawHeaders
    # False where only the end of the connection delimits the body (RFC 9112, 6.3, rule 8).
    framed: bool = True

    def header(self, name: bytes) -> bytes | None:
        """The first value of the header `name` (lower case), or None."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def request_id(self) -> str | None:
        """The upstream's name for the request, as its support wants to be told it."""
        value = self.header(b"request-id") or self.header(b"x-request-id")
        return value.decode("latin-1") if value else None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, None where the answer did not say.

    `input_tokens` excludes the three cache columns; `output_tokens` includes `reasoning_tokens`.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_5m_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a meter has read off the bytes so far."""

    usage: Usage | None = None
    model: str | None = None
    stop_reason: str | None = None
    upstream_id: str | None = None
    service_tier: str | None = None
    # Anthropic's "fast" mode, which has a price of its own.
    speed: str | None = None
    # What is billed besides the columns of `Usage`, for the price alone: (unit, count), in the
    # names of the price data (`web_searches`, `input_audio_tokens`).
    billed: tuple[tuple[str, int], ...] = ()
    # One name for each call of a tool, in order.
    tools: tuple[str, ...] = ()
    # The protocol's last event came: the answer is whole, whatever the transport does next.
    ended: bool = False
    # An error event inside the stream, or `response.failed`: its message.
    error: str | None = None


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
    policy: str


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
