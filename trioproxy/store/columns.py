"""Rows of the ledger as column values, the same for every engine.

    Opening         ─▶ opening columns of `calls` and of `exchanges`
    CallReceipt     ─▶ opening + settling columns of `calls`
    ExchangeReceipt ─▶ opening + settling columns of `exchanges`

A receipt repeats its opening, so that it makes a whole row where the opening never got written.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from functools import partial

from trioproxy.model import (
    CallOpening,
    CallOutcome,
    CallReceipt,
    ExchangeOpening,
    ExchangeReceipt,
    ServedBy,
    Usage,
)
from trioproxy.store import savings
from trioproxy.store.base import Billable, Opening, Price, Pricing

log = logging.getLogger("trioproxy")

Value = str | int | float | None
Values = tuple[Value, ...]

CALL_OPENING = (
    *("id", "exchange_id", "owner", "started_at", "provider", "dialect", "method", "path"),
    *("model_requested", "model_sent", "effort", "policy"),
)
CALL_SETTLING = (
    *("ended_at", "model", "outcome", "status", "stop_reason"),
    *("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"),
    *("reasoning_tokens", "usage_source", "cost_usd", "saved_usd", "savings", "price_version"),
    *("upstream_id", "request_id"),
    *("tool_calls", "tools", "ttfb_ms", "duration_ms", "detached_ms", "bytes_in", "error"),
)
EXCHANGE_OPENING = (
    *("id", "owner", "started_at", "provider", "method", "path", "http_version"),
    *("source", "session", "agent", "preview", "served_by", "call_id"),
)
EXCHANGE_SETTLING = ("ended_at", "outcome", "status", "ttfb_ms", "duration_ms", "bytes_out", "error")

CRASHED_ERROR = "the process that ran it was gone"
_NO_USAGE = Usage()
_INT64_MAX = 2**63 - 1


def timestamp(at: float) -> str:
    """Seconds since the epoch as UTC, ISO 8601, microseconds: always 27 characters, so that text sorts as time."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")[:26] + "Z"


def call_opened(opening: CallOpening, owner: str) -> Values:
    """The values of CALL_OPENING."""
    return (
        opening.id,
        opening.exchange_id,
        owner,
        timestamp(opening.started_at),
        opening.provider,
        str(opening.dialect),
        opening.method,
        opening.path,
        opening.model_requested,
        opening.model_sent,
        opening.effort,
        str(opening.policy),
    )


def exchange_opened(opening: Opening, owner: str) -> Values:
    """The values of EXCHANGE_OPENING for an exchange that opens a call."""
    return _exchange(opening.exchange, owner, str(ServedBy.CALL), opening.call.id)


def call_settled(receipt: CallReceipt, owner: str, price: Pricing) -> Values:
    """The values of CALL_OPENING and CALL_SETTLING."""
    opening, reading = receipt.opening, receipt.reading
    usage = reading.usage or _NO_USAGE
    priced = partial(_priced, opening.id, price)
    call = Billable.of(opening, reading)
    cost = priced(call)
    saved = savings.worked_out(
        opening.savings, call, _usd(cost), lambda undone: _usd(priced(undone))
    )  # fmt: skip
    unfinished = None if receipt.outcome is CallOutcome.COMPLETED else "incomplete"
    return (
        *call_opened(opening, owner),
        timestamp(receipt.ended_at),
        reading.model,
        str(receipt.outcome),
        receipt.status,
        reading.stop_reason or unfinished,
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_tokens,
        usage.cache_write_5m_tokens,
        usage.cache_write_1h_tokens,
        usage.reasoning_tokens,
        str(receipt.usage_source),
        _usd(cost),
        saved.usd,
        saved.savings,
        cost.version if cost else None,
        reading.upstream_id,
        receipt.request_id,
        len(reading.tools),
        json.dumps(reading.tools) if reading.tools else None,
        receipt.ttfb_ms,
        receipt.duration_ms,
        receipt.detached_ms,
        receipt.bytes_in,
        receipt.error or reading.error,
    )


def exchange_settled(receipt: ExchangeReceipt, owner: str) -> Values:
    """The values of EXCHANGE_OPENING and EXCHANGE_SETTLING."""
    return (
        *_exchange(receipt.opening, owner, str(receipt.served_by), receipt.call_id),
        timestamp(receipt.ended_at),
        str(receipt.outcome),
        receipt.status,
        receipt.ttfb_ms,
        receipt.duration_ms,
        receipt.bytes_out,
        receipt.error,
    )


def storable(value: Value) -> Value:
    """What every database takes in place of `value`: integers within 64 bits, text that is Unicode."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, int) and not -_INT64_MAX <= value <= _INT64_MAX:
        return None
    return value


def _exchange(opening: ExchangeOpening, owner: str, served_by: str, call_id: str | None) -> Values:
    return (
        opening.id,
        owner,
        timestamp(opening.started_at),
        opening.provider,
        opening.method,
        opening.path,
        opening.http_version,
        opening.source,
        opening.session,
        opening.agent,
        opening.preview,
        served_by,
        call_id,
    )


def _priced(call_id: str, price: Pricing, call: Billable) -> Price | None:
    if call.usage is None:
        return None
    try:
        return price(call)
    except Exception:  # price data is somebody else's code: a fault of it may cost a price, not the row
        log.exception("[ledger] the price of call %s could not be worked out", call_id)
        return None


def _usd(price: Price | None) -> float | None:
    return price.cost_usd if price is not None else None
