"""What every engine promises of a call that is settled: whence its usage, which policy, what was saved."""

from __future__ import annotations

import json

import pytest
from support.rows import call_receipt, opening

from trioproxy.model import Policy, Saving, SavingKind, UsageSource
from trioproxy.store.base import Engine


@pytest.fixture
def engine(bench) -> Engine:
    engine = bench.engine()
    engine.connect()
    return engine


@pytest.mark.parametrize("source", list(UsageSource))
def test_where_the_usage_comes_from_is_what_the_receipt_says(bench, engine, source):
    engine.write([opening(), call_receipt(usage_source=source)])
    row = bench.rows("calls")["c1"]
    assert (row["usage_source"], row["output_tokens"], row["cost_usd"]) == (source, 20, 0.01)


def test_the_policy_that_applied_replaces_the_one_it_was_opened_with(bench, engine):
    engine.write([opening(policy=Policy.DRAIN)])
    assert bench.rows("calls")["c1"]["policy"] == "drain"
    engine.write([call_receipt(call=opening(policy=Policy.ABORT, model_sent="another").call)])
    row = bench.rows("calls")["c1"]
    assert (row["policy"], row["model_sent"]) == ("abort", "claude-sonnet-4-6")
    engine.write([call_receipt(call=opening(policy=Policy.LINGER).call)])
    assert bench.rows("calls")["c1"]["policy"] == "abort"


def test_savings_are_written_when_the_call_is_settled(bench, engine):
    routed = Saving(SavingKind.ROUTING, "claude-sonnet-4-6", "gpt-5-nano", 1)
    engine.write([opening(savings=(routed,))])
    assert not bench.rows("calls")["c1"].keys() & {"saved_usd", "savings"}
    engine.write([call_receipt(call=opening(savings=(routed,)).call)])
    row = bench.rows("calls")["c1"]
    assert row["saved_usd"] == 0
    assert json.loads(row["savings"]) == [
        {"kind": "routing", "from": "claude-sonnet-4-6", "to": "gpt-5-nano", "score": 1, "saved_usd": 0}
    ]
