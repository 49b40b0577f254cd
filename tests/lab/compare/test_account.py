"""What is booked of a call and of its delivery follows the proxy's own table of endings."""

from __future__ import annotations

import pytest
from support.comparing import play_variant

from trioproxy.lab.compare.semantics import Pump, Semantics
from trioproxy.lab.explore.scenarios import SCENARIOS
from trioproxy.lab.explore.stage import Happened
from trioproxy.model import CallOutcome, ExchangeOutcome, Usage

OUTCOMES = {
    "stream": (CallOutcome.COMPLETED, ExchangeOutcome.DELIVERED),
    "json": (CallOutcome.COMPLETED, ExchangeOutcome.DELIVERED),
    "error-answer": (CallOutcome.COMPLETED, ExchangeOutcome.DELIVERED),
    "closed": (CallOutcome.TRUNCATED, ExchangeOutcome.UPSTREAM_FAILED),
    "garbled": (CallOutcome.TRUNCATED, ExchangeOutcome.UPSTREAM_FAILED),
    "silent": (CallOutcome.TIMEOUT, ExchangeOutcome.UPSTREAM_FAILED),
    "error-event": (CallOutcome.UPSTREAM_ERROR, ExchangeOutcome.DELIVERED),
    "no-last-event": (CallOutcome.TRUNCATED, ExchangeOutcome.DELIVERED),
    "until-close": (CallOutcome.COMPLETED, ExchangeOutcome.DELIVERED),
    "no-head": (CallOutcome.TRUNCATED, ExchangeOutcome.UPSTREAM_FAILED),
    "refused": (CallOutcome.CONNECT_FAILED, ExchangeOutcome.UPSTREAM_FAILED),
    "unreachable": (CallOutcome.CONNECT_FAILED, ExchangeOutcome.UPSTREAM_FAILED),
    "leaver": (CallOutcome.ABANDONED, ExchangeOutcome.CLIENT_LEFT),
}


def booked(happened: Happened) -> tuple[CallOutcome, ExchangeOutcome]:
    [call], [exchange] = happened.books.calls, happened.books.exchanges
    return call.receipt.outcome, exchange.receipt.outcome


@pytest.mark.parametrize("pump", Pump)
@pytest.mark.parametrize("scenario", OUTCOMES)
def test_every_ending_has_its_name(scenario: str, pump: Pump) -> None:
    assert booked(play_variant(Semantics(pump), scenario).happened) == OUTCOMES[scenario]


@pytest.mark.parametrize("pump", Pump)
def test_rows_say_what_was_counted(pump: Pump) -> None:
    happened = play_variant(Semantics(pump), "paced").happened

    [call], [exchange] = happened.books.calls, happened.books.exchanges
    [opened] = happened.books.opened
    receipt, delivered = call.receipt, exchange.receipt
    assert receipt.bytes_in == delivered.bytes_out == len(SCENARIOS["paced"].story.upstream[0].body)
    assert receipt.status == delivered.status == 200
    assert receipt.duration_ms == delivered.duration_ms > 1000
    assert receipt.ttfb_ms is not None
    assert isinstance(receipt.reading.usage, Usage)
    assert (opened.call, opened.exchange) == (receipt.opening, delivered.opening)
    assert delivered.call_id == receipt.opening.id
