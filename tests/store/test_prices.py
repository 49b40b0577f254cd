"""Prices: the figures, what selects them, and everything that has none."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from typing import Any

import pytest
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.model import CallOpening, Dialect, Policy, Reading, Usage
from trioproxy.settings.sections import BUILT_IN_PROVIDERS
from trioproxy.store.base import Billable, Price
from trioproxy.store.prices import PROVIDERS, PriceBook

AT = 1_795_400_000.0  # 2026-11-22
CACHED = Usage(100, 50, 3000, 1500, 500)


def opening(provider: str = "anthropic", sent: str | None = None) -> CallOpening:
    return CallOpening(
        *("call", "exchange", AT, provider, Dialect.ANTHROPIC, "POST", "/v1/messages"),
        *("claude-opus-4-8", sent, None, Policy.ABORT),
    )


def cost(
    model: str | None, usage: Usage | None = CACHED, provider: str = "anthropic", sent: str | None = None, **more: Any
) -> float | None:
    price = PriceBook().price(Billable.of(opening(provider, sent), Reading(usage=usage, model=model, **more)))
    return None if price is None else price.cost_usd


def test_the_figures_that_claude_code_prints_itself() -> None:
    assert cost("claude-opus-4-8") == pytest.approx(0.017625)
    assert cost("claude-opus-5-5") == pytest.approx(0.0135)


def test_the_version_of_the_price_data_is_told() -> None:
    book = PriceBook()
    book.warm_up()
    price = book.price(Billable.of(opening(), Reading(usage=CACHED, model="claude-opus-4-8")))
    assert price == Price(cost_usd=0.017625, version=f"genai-prices {version('genai-prices')}")


def test_the_model_that_answered_first_then_the_one_that_was_sent() -> None:
    assert cost("claude-opus-4-8", sent="claude-opus-5-5") == pytest.approx(0.017625)
    assert cost("my-alias", sent="claude-opus-5-5") == pytest.approx(0.0135)
    assert cost(None, sent="claude-opus-5-5") == pytest.approx(0.0135)


def test_never_the_one_that_was_asked_for_since_it_may_have_been_routed_away_from() -> None:
    assert opening(sent="my-alias").model_requested == "claude-opus-4-8"
    assert cost("my-alias", sent="my-alias") is None
    assert cost(None) is None


GPT = Usage(1000, 100, 1000, reasoning_tokens=50)


@pytest.mark.parametrize(
    ("provider", "model", "usage", "more", "expected"),
    [
        ("openai", "gpt-5", GPT, {}, 0.002375),
        ("openai", "gpt-5", GPT, {"service_tier": "default"}, 0.002375),
        ("openai", "gpt-5", GPT, {"service_tier": "flex"}, 0.0011875),
        ("openai", "text-embedding-3-small", Usage(1000, 0), {}, 0.00002),
        ("xai", "grok-4", Usage(100, 5), {}, 0.000375),
        ("anthropic", "claude-opus-4-8", CACHED, {"speed": "standard"}, 0.017625),
        ("anthropic", "claude-opus-4-8", CACHED, {"speed": "fast"}, 0.03525),
        ("anthropic", "claude-opus-4-8", CACHED, {"service_tier": "batch"}, 0.0088125),
        ("anthropic", "claude-opus-4-8", CACHED, {"service_tier": "priority"}, 0.017625),
        ("anthropic", "claude-opus-4-8", CACHED, {"billed": (("web_searches", 2),)}, 0.037625),
        (
            "perplexity",
            "sonar-deep-research",
            Usage(100, 105),
            {"billed": (("output_citation_tokens", 1000),)},
            0.00304,
        ),
        ("my-gateway", "claude-opus-4-8", CACHED, {}, 0.017625),
    ],
)
def test_what_selects_a_price(provider: str, model: str, usage: Usage, more: dict[str, Any], expected: float) -> None:
    assert cost(model, usage, provider, **more) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("provider", "model", "usage", "more"),
    [
        ("anthropic", "claude-opus-4-8", None, {}),
        ("anthropic", "claude-opus-4-8", Usage(100, None), {}),
        ("anthropic", "claude-opus-4-8", Usage(None, 100), {}),
        ("anthropic", None, CACHED, {}),
        ("anthropic", "<synthetic>", CACHED, {}),
        ("anthropic", "gpt-5", CACHED, {}),
        ("anthropic", "claude-haiku-4-5", CACHED, {"speed": "ludicrous"}),
        ("anthropic", "claude-haiku-4-5", CACHED, {"speed": "fast"}),
        ("openai", "gpt-5", GPT, {"service_tier": "ultrafast"}),
        ("openai", "gpt-6.1-sol", Usage(100, 5, 0, 0, 10), {}),  # has one price for all cache writes
        ("openai", "gpt-5", Usage(10, 5, reasoning_tokens=6, cache_read_tokens=-20), {}),
        ("ollama", "gpt-oss:20b", Usage(10, 5), {}),
        ("my-gateway", "some-model", CACHED, {}),
        ("my-gateway", "claude-opus-4-8-gemini", CACHED, {}),  # two makers' names
    ],
)
def test_what_has_no_price(provider: str, model: str | None, usage: Usage | None, more: dict[str, Any]) -> None:
    assert cost(model, usage, provider, **more) is None


def test_a_time_out_of_range_has_no_price() -> None:
    reading = Reading(usage=CACHED, model="claude-opus-4-8")
    assert PriceBook().price(Billable.of(opening(), reading)._replace(at=1e300)) is None


COUNTS = st.none() | st.integers(-3, 2**70)


@given(
    usage=st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS),
    model=st.none() | st.sampled_from(["claude-opus-4-8", "gpt-5", "sonar-deep-research"]) | st.text(max_size=5),
    provider=st.sampled_from(["anthropic", "openai", "perplexity", "nobody"]),
    billed=st.lists(st.tuples(st.sampled_from(["web_searches", "input_audio_tokens"]), st.integers(0, 9))).map(tuple),
)
def test_raises_nothing(usage: Usage, model: str | None, provider: str, billed: tuple[tuple[str, int], ...]) -> None:
    found = cost(model, usage, provider, billed=billed)
    assert found is None or found >= 0


def test_importing_the_module_does_not_load_the_price_data() -> None:
    script = "import sys, trioproxy.store.prices; sys.exit('genai_prices' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_every_built_in_provider_has_a_name_in_the_price_data_or_no_prices_at_all() -> None:
    assert set(PROVIDERS) == set(BUILT_IN_PROVIDERS)
    known = {provider.id for provider in get_snapshot().providers}
    assert {name for name in PROVIDERS.values() if name} <= known
