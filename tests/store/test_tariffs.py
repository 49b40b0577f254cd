"""What is multiplied here is what the price data says, for every model that it knows."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time
from decimal import Decimal

import pytest
from genai_prices import Usage as Counts
from genai_prices import calc_price
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ModelInfo,
    ModelPrice,
    PriceCalculation,
    Provider,
    TieredPrices,
    TimeOfDateConstraint,
)

from trioproxy.store.prices import MINUTE_S
from trioproxy.store.tariffs import Billed, Tariff, Tokens

AT = datetime(2026, 11, 22, tzinfo=UTC)
MODELS = [(provider, model) for provider in get_snapshot().providers for model in provider.models]


class Book:
    """The price data's answers, counted."""

    def __init__(self, provider: Provider, model: ModelInfo) -> None:
        self.asked = 0
        self._provider, self._model = provider, model

    def __call__(self, tokens: Tokens, billed: Billed = ()) -> PriceCalculation:
        self.asked += 1
        written = tokens.cache_write_5m + tokens.cache_write_1h
        counts = {
            "input_tokens": tokens.fresh + tokens.cache_read + written,
            "cache_read_tokens": tokens.cache_read,
            "cache_write_tokens": written,
            "cache_write_5m_tokens": tokens.cache_write_5m,
            "cache_write_1h_tokens": tokens.cache_write_1h,
            "output_tokens": tokens.spoken + tokens.reasoning,
            "output_reasoning_tokens": tokens.reasoning,
        }
        return self._model.calc_price(Counts(**{**dict(billed), **counts}), self._provider, genai_request_timestamp=AT)

    def cost(self, tokens: Tokens, billed: Billed) -> Decimal:
        return self(tokens, billed).total_price


def known(provider: str, model: str) -> Book:
    found = calc_price(Counts(), model, provider_id=provider, genai_request_timestamp=AT)
    return Book(found.provider, found.model)


def outcome(cost: Callable[[Tokens, Billed], Decimal | None], tokens: Tokens) -> float | type[ValueError] | None:
    try:
        found = cost(tokens, ())
    except ValueError:
        return ValueError
    return None if found is None else float(found)


def some(chance: random.Random, thresholds: list[int]) -> Tokens:
    """Mostly of some kinds alone; the input often about a threshold."""
    counts = [chance.choice((0, chance.randrange(10), chance.randrange(10**6))) for _ in range(6)]
    if thresholds and chance.random() < 0.7:
        kind, around = chance.randrange(4), chance.choice(thresholds) + chance.randrange(-1, 2)
        counts[kind] = max(0, around - sum(count for each, count in enumerate(counts[:4]) if each != kind))
    return Tokens(*counts)


def thresholds(model: ModelInfo) -> list[int]:
    prices = [model.prices] if isinstance(model.prices, ModelPrice) else [each.prices for each in model.prices]
    values = [value for each in prices for value in vars(each).values()]
    return [tier.start for value in values if isinstance(value, TieredPrices) for tier in value.tiers]


def test_the_same_as_the_price_data_to_the_last_digit() -> None:
    chance = random.Random(4)
    priced = tiered = 0
    for provider, model in MODELS:
        book = Book(provider, model)
        tariff = Tariff(book)
        starts = thresholds(model)
        tiered += bool(starts)
        for _ in range(6):
            tokens = some(chance, starts)
            if tokens.cache_write_1h and book(tokens).model_price.cache_write_1h_mtok is None:
                assert tariff.cost(tokens, ()) is None
                continue
            expected = outcome(book.cost, tokens)
            assert outcome(tariff.cost, tokens) == expected, (provider.id, model.id, tokens)
            priced += expected is not ValueError
    assert priced > 2 * len(MODELS)
    assert tiered > 100


def test_each_kind_is_asked_for_once() -> None:
    book = known("anthropic", "claude-opus-4-8")
    tariff = Tariff(book)
    first = [tariff.cost(Tokens(100, 20, 30, 40, 50, 60), ()), book.asked]
    assert [tariff.cost(Tokens(100, 20, 30, 40, 50, 60), ()), book.asked] == first
    tariff.cost(Tokens(1, 2, 3, 4, 5, 6), ())
    assert book.asked == first[1] == 1 + len(Tokens._fields)


@pytest.mark.parametrize("billed", [(("web_searches", 2),), (("input_audio_tokens", 5),)])
def test_what_else_is_billed_is_asked_for_each_time(billed: Billed) -> None:
    book = known("anthropic", "claude-opus-4-8")
    assert Tariff(book).cost(Tokens(100, spoken=5), billed) == book(Tokens(100, spoken=5), billed).total_price


def test_counts_that_contradict_each_other_are_asked_for_too() -> None:
    with pytest.raises(ValueError, match="negative"):
        Tariff(known("anthropic", "claude-opus-4-8")).cost(Tokens(-1, spoken=5), ())


def test_long_writes_without_a_price_of_their_own() -> None:
    tariff = Tariff(known("openai", "gpt-6.1-sol"))
    assert tariff.cost(Tokens(1, cache_write_5m=10), ()) is not None
    assert tariff.cost(Tokens(1, cache_write_1h=10), ()) is None


def times(model: ModelInfo) -> Iterator[time]:
    conditions = [] if isinstance(model.prices, ModelPrice) else [each.constraint for each in model.prices]
    for constraint in [*conditions, *(variant.constraint for variant in model.price_variants or ())]:
        if isinstance(constraint, TimeOfDateConstraint):
            yield from (constraint.start_time, constraint.end_time)


def test_no_price_begins_or_ends_within_a_minute() -> None:
    found = [each for _, model in MODELS for each in times(model)]
    assert found
    assert MINUTE_S == 60
    assert {(each.second, each.microsecond) for each in found} == {(0, 0)}
