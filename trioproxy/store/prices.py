"""What a call cost at list price, from the data of the genai-prices package, offline.

Where anything about it is unknown (the model, the provider, a count, the tier)
there is no price: a sum that is partly guessed looks just like one that is not.
The package takes half a second to import and load, so that happens in the
writer's thread, at the first price or in `warm_up`; and it reads a clock, so it
is not a pure module's to import.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING

from trioproxy.model import Usage
from trioproxy.store.base import Billable, Price
from trioproxy.store.tariffs import Billed, Tariff, Tokens

if TYPE_CHECKING:
    from genai_prices import Usage as Counts
    from genai_prices.types import PriceCalculation

# Our built-in providers under the names of the price data. Models that run at home have no list price.
PROVIDERS: dict[str, str | None] = {
    **{name: name for name in ("anthropic", "openai", "groq", "mistral", "deepseek", "perplexity", "cerebras")},
    **{name: name for name in ("together", "fireworks", "cohere", "openrouter")},
    "xai": "x-ai",
    "ollama": None,
}
# Tiers that cost what the price list says, by whatever name ("scale" is capacity bought beforehand).
_ORDINARY_TIERS = frozenset(("default", "standard", "auto", "on_demand", "scale"))
# No price begins or ends within a minute.
MINUTE_S = 60
MAX_TARIFFS = 256


class PriceBook:
    """List prices. Blocking, for one thread at a time: the ledger writer's."""

    def __init__(self) -> None:
        self._tariff = lru_cache(MAX_TARIFFS)(_tariff)

    def warm_up(self) -> None:
        """Import the package and load its data, so that the first price does not take half a second."""
        from genai_prices.data_snapshot import get_snapshot

        get_snapshot()

    def price(self, call: Billable) -> Price | None:
        """What a call cost, or None where that is not known. Raises nothing."""
        tokens = _tokens(call.usage) if call.usage is not None else None
        if tokens is None:
            return None
        for model in call.models:
            if model is None:
                continue
            try:
                tariff = self._tariff(call.provider, model, call.speed, call.service_tier, call.at // MINUTE_S)
                cost = tariff.cost(tokens, call.billed) if tariff is not None else None
            except LookupError:
                continue  # not a model of this provider: perhaps by its next name
            except (ValueError, ArithmeticError, TypeError, OSError):
                return None  # counts that contradict each other, or a date out of range
            return None if cost is None else Price(float(cost), _version())
        return None


@cache
def _version() -> str:
    from genai_prices import __version__

    return f"genai-prices {__version__}"


def _tokens(usage: Usage) -> Tokens | None:
    """How many tokens of each kind; None where the sum of either side is not told."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    reasoning = usage.reasoning_tokens or 0
    return Tokens(
        fresh=usage.input_tokens,
        cache_read=usage.cache_read_tokens or 0,
        cache_write_5m=usage.cache_write_5m_tokens or 0,
        cache_write_1h=usage.cache_write_1h_tokens or 0,
        spoken=usage.output_tokens - reasoning,
        reasoning=reasoning,
    )


def _tariff(provider: str, model: str, speed: str | None, service_tier: str | None, minute: float) -> Tariff | None:
    """The prices of a model in that minute since the epoch; None where they are not known.

    Raises:
        LookupError: not a model that the provider is known to have.
        ArithmeticError, ValueError, OSError: no date.
    """
    provider_id = _provider_id(provider, model)
    if provider_id is None:
        return None
    ask = partial(
        _calculated,
        provider_id,
        model,
        datetime.fromtimestamp(minute * MINUTE_S, UTC),
        _context(provider_id, speed, service_tier),
    )
    return Tariff(ask) if _all_priced(ask(Tokens(), ()), speed, service_tier) else None


def _calculated(
    provider_id: str, model: str, at: datetime, context: dict[str, str], tokens: Tokens, billed: Billed
) -> PriceCalculation:  # fmt: skip
    """What the price data says.

    Raises:
        LookupError: not a model that the provider is known to have.
        ValueError: the counts contradict each other.
    """
    from genai_prices import calc_price

    return calc_price(
        _counts(tokens, dict(billed)), model, provider_id=provider_id, genai_request_timestamp=at, price_context=context
    )


def _counts(tokens: Tokens, billed: dict[str, int]) -> Counts:
    """What was used, as the price data counts: there, the input includes the caches, and the output what is cited."""
    from genai_prices import Usage as Counts

    counts = {
        "input_tokens": tokens.input,
        "cache_read_tokens": tokens.cache_read,
        "cache_write_tokens": tokens.cache_write_5m + tokens.cache_write_1h,
        "cache_write_5m_tokens": tokens.cache_write_5m,
        "cache_write_1h_tokens": tokens.cache_write_1h,
        "output_tokens": tokens.spoken + tokens.reasoning + billed.get("output_citation_tokens", 0),
        "output_reasoning_tokens": tokens.reasoning,
    }
    return Counts(**(billed | counts))


def _provider_id(provider: str, model: str) -> str | None:
    """The price data's name of a provider; of one that only the configuration knows, the model's one maker."""
    if provider in PROVIDERS:
        return PROVIDERS[provider]
    from genai_prices.data_snapshot import get_snapshot

    makers = [
        maker.id
        for maker in get_snapshot().providers
        if maker.model_match is not None and maker.model_match.is_match(model.lower())
    ]
    return makers[0] if len(makers) == 1 else None


def _context(provider_id: str, speed: str | None, service_tier: str | None) -> dict[str, str]:
    """What of the answer selects another price than the standard one."""
    if provider_id == "anthropic":
        context = {"speed": speed} if speed else {}
        # "priority" is capacity bought beforehand, at no price per token; "batch" is half.
        return context | ({"processing": "batch"} if service_tier == "batch" else {})
    return {"service_tier": service_tier} if service_tier else {}


def _all_priced(found: PriceCalculation, speed: str | None, service_tier: str | None) -> bool:
    """Whether nothing was silently priced as something else, which is what the package does where it has no price."""
    variants = [variant.when for variant in found.model.price_variants or ()]
    if found.provider.id == "anthropic":
        return speed in (None, "standard") or {"speed": speed} in variants
    if found.provider.id == "openai" and service_tier is not None and service_tier not in _ORDINARY_TIERS:
        return {"service_tier": service_tier} in variants
    return True
