"""Sums of what was estimated, saved and held back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from support.rows import AT, USAGE, call_receipt, exchange_receipt, opening

from trioproxy.model import (
    CallOutcome,
    ExchangeOutcome,
    Reading,
    Saving,
    SavingKind,
    ServedBy,
    Usage,
    UsageSource,
)
from trioproxy.store.base import Billable, Price
from trioproxy.store.reading import Grouping, open_reader
from trioproxy.store.sqlite import SqliteEngine

OPUS, SONNET, HAIKU = "claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5"
BOOK = {OPUS: 0.05, SONNET: 0.03, HAIKU: 0.01}
ROUTED = Saving(SavingKind.ROUTING, OPUS, HAIKU, 1)


def price(call: Billable) -> Price | None:
    """So much a call, and a cent less where a cache was read."""
    cost = BOOK.get(call.models[0] or "")
    read = call.usage is not None and call.usage.cache_read_tokens
    return None if cost is None else Price(cost - (0.005 if read else 0), "test-1")


@pytest.fixture
def engine(tmp_path):
    engine = SqliteEngine(tmp_path / "l.db", owner="me", price=price, now=lambda: AT)
    engine.connect()
    yield engine
    engine.disconnect()


@pytest.fixture
def reader(tmp_path, engine):
    with open_reader(f"sqlite:///{tmp_path}/l.db") as reader:
        yield reader


def rows(n: int, *savings: Saving, model: str = SONNET, usage: Usage = USAGE, **call: Any) -> list[Any]:
    opened = opening(n, model_sent=model, savings=savings).call
    return [call_receipt(n, call=opened, reading=Reading(model=model, usage=usage), **call), exchange_receipt(n)]


def held_back(model: str, seconds: int) -> Saving:
    return Saving(SavingKind.ROUTING, model, HAIKU, 2, held_back=f"the cache of {model} is warm (used {seconds} s ago)")


def kinds(group: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(json.loads(group["savings"]), key=lambda entry: (entry["kind"], entry["held_back"] or ""))


def test_estimates_are_counted_apart(engine, reader):
    engine.write(
        [
            *rows(1),
            *rows(2, usage=Usage(100, 7), usage_source=UsageSource.ESTIMATED, outcome=CallOutcome.ABANDONED),
            *rows(3, usage_source=UsageSource.MIXED, outcome=CallOutcome.ABANDONED),
            *rows(4, model="unheard-of", usage_source=UsageSource.MIXED),
            exchange_receipt(5, served_by=ServedBy.JOINED, call_id="c2"),
        ]
    )
    (everything,) = reader.sums()
    expected = {
        "requests": 5,
        "input_tokens": 10 + 100 + 10 + 10,
        "output_tokens": 20 + 7 + 20 + 20,
        "estimated": 3,
        "estimated_input_tokens": 100,
        "estimated_output_tokens": 7 + 20 + 20,
        "cost_usd": pytest.approx(0.08),
        "estimated_usd": pytest.approx(0.055),
        "unpriced": 1,
    }
    assert {name: everything[name] for name in expected} == expected


def test_savings_by_kind_and_reasons_without_their_particulars(engine, reader):
    engine.write(
        [
            *rows(1, ROUTED, model=HAIKU),
            *rows(2, ROUTED, Saving(SavingKind.PROMPT_CACHING), model=HAIKU),
            *rows(3, held_back(OPUS, 40), model=OPUS),
            *rows(4, held_back(OPUS, 50), model=OPUS),
            *rows(5, held_back(SONNET, 60)),
            *rows(6, Saving(SavingKind.PROMPT_CACHING, held_back="no reason in parentheses")),
            exchange_receipt(7, served_by=ServedBy.REPLAYED, call_id="c3"),
            exchange_receipt(8, served_by=ServedBy.JOINED, call_id="c3"),
        ]
    )
    (everything,) = reader.sums()
    nothing = {"held_back": None, "unpriced": 0}
    assert kinds(everything) == [
        {"kind": "joined", "requests": 1, "saved_usd": pytest.approx(0.045), **nothing},
        {"kind": "prompt_caching", "requests": 1, "saved_usd": pytest.approx(0.005), **nothing},
        {
            "kind": "prompt_caching",
            "held_back": "no reason in parentheses",
            "requests": 1,
            "unpriced": 1,
            "held_back_usd": None,
        },
        {"kind": "replayed", "requests": 1, "saved_usd": pytest.approx(0.045), **nothing},
        {"kind": "routing", "requests": 2, "saved_usd": pytest.approx(0.08), **nothing},
        {
            "kind": "routing",
            "held_back": "the cache of claude-opus-4-8 is warm",
            "requests": 2,
            "unpriced": 0,
            "held_back_usd": pytest.approx(0.08),
        },
        {
            "kind": "routing",
            "held_back": "the cache of claude-sonnet-4-6 is warm",
            "requests": 1,
            "unpriced": 0,
            "held_back_usd": pytest.approx(0.02),
        },
    ]
    assert everything["saved_usd"] == pytest.approx(0.045 + 0.005 + 0.045 + 0.08)
    assert everything["held_back_usd"] == pytest.approx(0.1)


def test_the_kinds_add_up_to_the_sum_also_where_a_part_is_not_known(engine, reader):
    from_nowhere = replace(ROUTED, model_from="unheard-of")
    engine.write([*rows(1, from_nowhere, Saving(SavingKind.PROMPT_CACHING), model=HAIKU)])
    (everything,) = reader.sums()
    assert everything["saved_usd"] is None
    assert [
        (entry["kind"], entry["requests"], entry["unpriced"], entry["saved_usd"]) for entry in kinds(everything)
    ] == [
        ("prompt_caching", 1, 1, None),
        ("routing", 1, 1, None),
    ]


@pytest.mark.parametrize("served_by", [ServedBy.JOINED, ServedBy.REPLAYED])
def test_an_answer_that_was_not_paid_again_saved_the_cost_of_the_call(engine, reader, served_by):
    engine.write([*rows(1), exchange_receipt(2, served_by=served_by, call_id="c1")])
    row = reader.requests()[1]
    assert (row["cost_usd"], row["saved_usd"]) == (0, pytest.approx(0.025))
    assert json.loads(str(row["savings"])) == [{"kind": served_by, "saved_usd": pytest.approx(0.025)}]


@pytest.mark.parametrize("outcome", sorted(set(ExchangeOutcome) - {ExchangeOutcome.DELIVERED}))
def test_what_did_not_get_the_whole_answer_saved_nobody_knows_what(engine, reader, outcome):
    engine.write([*rows(1), exchange_receipt(2, served_by=ServedBy.JOINED, call_id="c1", outcome=outcome)])
    row = reader.requests()[1]
    assert (row["cost_usd"], row["saved_usd"]) == (0, None)
    assert json.loads(str(row["savings"])) == [{"kind": "joined", "saved_usd": None}]
    assert reader.sums()[0]["saved_usd"] is None


def test_of_a_call_whose_cost_is_not_known_or_that_still_runs_nobody_knows_what_was_saved(engine, reader):
    engine.write([*rows(1, model="unheard-of"), exchange_receipt(2, served_by=ServedBy.REPLAYED, call_id="c1")])
    engine.write([opening(3), exchange_receipt(4, served_by=ServedBy.JOINED, call_id="c3")])
    by_id = {row["id"]: row for row in reader.requests()}
    assert by_id["x2"]["saved_usd"] is None
    assert by_id["x4"]["saved_usd"] is None
    engine.write([*rows(3)])
    assert reader.requests()[-1]["saved_usd"] == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("by", "names"),
    [("model", [OPUS, SONNET, HAIKU, None]), ("source", ["claude-code"]), ("day", ["2026-11-23"])],
)
def test_each_group_has_its_own(engine, reader, by: Grouping, names: list[str | None]):
    engine.write(
        [
            *rows(1, held_back(OPUS, 40), model=OPUS),
            *rows(2),
            *rows(3, ROUTED, model=HAIKU),
            exchange_receipt(4, served_by=ServedBy.PROXY, call_id=None),
        ]
    )
    groups = reader.sums(by)
    assert [group["name"] for group in groups] == names
    saved = [group["saved_usd"] for group in groups]
    assert saved == ([None, None, pytest.approx(0.04), None] if by == "model" else [pytest.approx(0.04)])
    assert sum(group["savings"] is not None for group in groups) == (2 if by == "model" else 1)


def test_a_group_without_a_name_keeps_its_savings(engine, reader):
    nameless = exchange_receipt(2, served_by=ServedBy.REPLAYED, call_id="c1")
    engine.write([*rows(1), replace(nameless, opening=replace(nameless.opening, source=None))])
    by_source = {group["name"]: group["saved_usd"] for group in reader.sums("source")}
    assert by_source == {"claude-code": None, None: pytest.approx(0.025)}
