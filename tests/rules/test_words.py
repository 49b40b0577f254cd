from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from trioproxy.model import (
    CallOpening,
    CallOutcome,
    CallReceipt,
    Dialect,
    ExchangeOpening,
    ExchangeOutcome,
    ExchangeReceipt,
    Reading,
    ServedBy,
)
from trioproxy.rules.lifecycle import Cause, Phase
from trioproxy.rules.words import Line, call_line, delivery_line

CALL = CallReceipt(
    opening=CallOpening(
        id="c1",
        exchange_id="e1",
        started_at=0.0,
        provider="anthropic",
        dialect=Dialect.ANTHROPIC,
        method="POST",
        path="/v1/messages",
        model_requested="claude-opus-4-8",
        model_sent="claude-opus-4-8",
        effort=None,
        policy="abort",
    ),
    ended_at=1.0,
    outcome=CallOutcome.ABANDONED,
    status=200,
    reading=Reading(),
    request_id=None,
    ttfb_ms=1.0,
    duration_ms=2.0,
    detached_ms=0.0,
    bytes_in=2711,
    error=None,
)
DELIVERY = ExchangeReceipt(
    opening=ExchangeOpening("e1", 0.0, "openai", "POST", "/openai/v1/x", "1.1", "curl", None, None, None),
    ended_at=1.0,
    served_by=ServedBy.CALL,
    call_id="c1",
    outcome=ExchangeOutcome.CLIENT_LEFT,
    status=200,
    ttfb_ms=None,
    duration_ms=1.0,
    bytes_out=12,
    error=None,
)


def test_a_client_that_left_is_an_ordinary_thing() -> None:
    text = "[stream] abandoned: client left while between chunks; 2711 bytes in, anthropic claude-opus-4-8, call c1"
    assert call_line(CALL, Phase.STREAMING, Cause.CLIENT_LEFT) == Line(logging.INFO, text)


def test_an_error_is_told() -> None:
    broken = replace(CALL, outcome=CallOutcome.TRUNCATED, error="UpstreamTruncated: it broke")
    text = (
        "[stream] truncated: upstream broke off while between chunks; 2711 bytes in, "
        "anthropic claude-opus-4-8, call c1: UpstreamTruncated: it broke"
    )
    assert call_line(broken, Phase.STREAMING, Cause.UPSTREAM_BROKE) == Line(logging.WARNING, text)


def test_without_a_model_the_path_is_told() -> None:
    line = call_line(replace(CALL, opening=replace(CALL.opening, model_requested=None)), Phase.WAITING, Cause.SHUTDOWN)
    assert line is not None
    assert "anthropic /v1/messages, call c1" in line.text


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (CallOutcome.UPSTREAM_ERROR, "the stream carried an error, after the last chunk"),
        (CallOutcome.TRUNCATED, "no last event of its protocol, after the last chunk"),
    ],
)
def test_a_call_that_ended_as_framed_and_still_not_well(outcome: CallOutcome, why: str) -> None:
    line = call_line(replace(CALL, outcome=outcome), Phase.ENDED, None)
    assert line is not None
    assert line.text.startswith(f"[stream] {outcome}: {why};")


@pytest.mark.parametrize("cause", [None, Cause.CLIENT_LEFT])
def test_a_completed_call_says_nothing(cause: Cause | None) -> None:
    assert call_line(replace(CALL, outcome=CallOutcome.COMPLETED), Phase.ENDED, cause) is None


@pytest.mark.parametrize("outcome", [outcome for outcome in CallOutcome if outcome is not CallOutcome.COMPLETED])
def test_levels(outcome: CallOutcome) -> None:
    ordinary = {CallOutcome.ABANDONED, CallOutcome.SHUTDOWN}
    expected = logging.INFO if outcome in ordinary else logging.WARNING
    line = call_line(replace(CALL, outcome=outcome), Phase.WAITING, Cause.INTERNAL)
    assert line is not None
    assert line.level == (logging.ERROR if outcome is CallOutcome.INTERNAL_ERROR else expected)


def test_a_delivery_that_ended_after_its_call() -> None:
    text = "[stream] client_left: client left after the last chunk; 12 bytes out, openai /openai/v1/x, exchange e1"
    assert delivery_line(DELIVERY, Cause.CLIENT_LEFT, call_told=False) == Line(logging.INFO, text)


def test_a_delivery_without_a_call() -> None:
    alone = replace(DELIVERY, call_id=None, served_by=ServedBy.PROXY)
    line = delivery_line(alone, Cause.CLIENT_LEFT, call_told=False)
    assert line is not None
    assert "client_left: client left before a call;" in line.text


def test_a_rejection_gives_its_reason() -> None:
    rejected = replace(DELIVERY, call_id=None, outcome=ExchangeOutcome.REJECTED, error="RequestTooLarge: 9 > 8")
    line = delivery_line(rejected, None, call_told=False)
    assert line is not None
    assert line.text.startswith("[stream] rejected: RequestTooLarge: 9 > 8; 12 bytes out")


def test_nothing_is_said_of_a_delivery_that_is_whole_or_whose_call_has_a_line() -> None:
    assert delivery_line(replace(DELIVERY, outcome=ExchangeOutcome.DELIVERED), None, call_told=False) is None
    assert delivery_line(DELIVERY, Cause.CLIENT_LEFT, call_told=True) is None
