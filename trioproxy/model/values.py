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
from dataclasses import dataclass, field

RawHeaders = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One client request as it came, without its body."""

    id: str
    at: float
    method: str
    raw_path: bytes
    query: bytes = field(repr=False)
    headers: RawHeaders = field(repr=False)  # they hold keys; names in lower case
    http_version: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a generation request's body asks for, as far as the ledger wants to know."""

    model: str | None = None
    effort: str | None = None
    preview: str | None = None
    # About how many tokens the request is, for a call that ends before its upstream has said so.
    input_estimate: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes upstream. `body` is whole, or a stream that can be read once, or nothing."""

    method: str
    base_url: str
    target: bytes = field(repr=False)
    headers: RawHeaders = field(repr=False)
    body: bytes | AsyncIterable[bytes] | None = field(repr=False)
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
class Generated:
    """How much of an answer's content has passed, for an estimate of its tokens where no report comes."""

    text_bytes: int = 0
    thinking_bytes: int = 0
    # Arguments of the tools that were called.
    tool_bytes: int = 0
    # Thinking that only its provider can read: signatures and encrypted reasoning.
    sealed_bytes: int = 0
    sealed_parts: int = 0
    # In how many events text, thinking and arguments came; many servers send one for each token.
    pieces: int = 0
    # Of an answer in JSON, which is not taken apart: all of it.
    json_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a meter has read off the bytes so far."""

    usage: Usage | None = None
    # None where nobody reads the answer.
    generated: Generated | None = None
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
