"""Rows for the ledger, each a whole one with room for changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trioproxy.model import (
    CallOpening,
    CallOutcome,
    CallReceipt,
    Dialect,
    ExchangeOpening,
    ExchangeOutcome,
    ExchangeReceipt,
    Policy,
    Reading,
    ServedBy,
    Usage,
    UsageSource,
)
from trioproxy.store.base import Billable, Opening, Price

AT = 1_795_408_560.123456  # 2026-11-23T04:36:00.123456Z
USAGE = Usage(input_tokens=10, output_tokens=20, cache_read_tokens=30, cache_write_5m_tokens=40)


def price(call: Billable) -> Price | None:
    """A price book of one model: a cent a call."""
    return Price(0.01, "test-1") if call.models[0] == "claude-sonnet-4-6" else None


def opening(n: int = 1, **call: Any) -> Opening:
    """Exchange `x<n>` and the call `c<n>` that it opens, `n` seconds after AT."""
    exchange = ExchangeOpening(
        id=f"x{n}",
        started_at=AT + n,
        provider="anthropic",
        method="POST",
        path="/v1/messages",
        http_version="1.1",
        source="claude-code",
        session="s1",
        agent=None,
        preview=None,
    )
    opened = CallOpening(
        id=f"c{n}",
        exchange_id=exchange.id,
        started_at=AT + n,
        provider="anthropic",
        dialect=Dialect.ANTHROPIC,
        method="POST",
        path="/v1/messages",
        model_requested="claude-sonnet-4-6",
        model_sent="claude-sonnet-4-6",
        effort="high",
        policy=Policy.ABORT,
    )
    return Opening(exchange, replace(opened, **call))


def call_receipt(n: int = 1, *, call: CallOpening | None = None, **changes: Any) -> CallReceipt:
    """How call `c<n>` ended: completed, a second later; its usage is what was reported, if there is any."""
    receipt = CallReceipt(
        opening=call or opening(n).call,
        ended_at=AT + n + 1,
        outcome=CallOutcome.COMPLETED,
        status=200,
        reading=Reading(
            usage=USAGE,
            model="claude-sonnet-4-6",
            stop_reason="end_turn",
            upstream_id="msg_1",
            tools=("Read", "Bash"),
            ended=True,
        ),
        request_id="req_1",
        ttfb_ms=12.5,
        duration_ms=1000.0,
        detached_ms=0.0,
        bytes_in=2711,
        error=None,
    )
    changed = replace(receipt, **changes)
    reported = UsageSource.NONE if changed.reading.usage is None else UsageSource.REPORTED
    return replace(changed, usage_source=changes.get("usage_source", reported))


def exchange_receipt(n: int = 1, **changes: Any) -> ExchangeReceipt:
    """How exchange `x<n>` ended: delivered, from call `c<n>`."""
    receipt = ExchangeReceipt(
        opening=opening(n).exchange,
        ended_at=AT + n + 1.5,
        served_by=ServedBy.CALL,
        call_id=f"c{n}",
        outcome=ExchangeOutcome.DELIVERED,
        status=200,
        ttfb_ms=13.5,
        duration_ms=1500.0,
        bytes_out=2711,
        error=None,
    )
    return replace(receipt, **changes)
