"""What a call cost at list price, from the data of the genai-prices package, offline.

Where anything about it is unknown (the model, the provider, a count, the tier)
there is no price: a sum that is partly guessed looks just like one that is not.
The package takes half a second to import and load, so that happens in the
writer's thread, at the first price or in `warm_up`; and it reads a clock, so it
is not a pure module's to import.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trioproxy.model import CallOpening, Reading, Usage
from trioproxy.store.base import Price

if TYPE_CHECKING:
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


class PriceBook:
    """List prices. Blocking, for one thread at a time: the ledger writer's."""

    def warm_up(self) -> None:
        """Import the package and load its data, so that the first price does not take half a second."""
        from genai_prices.data_snapshot import get_snapshot

        get_snapshot()

    def price(self, opening: CallOpening, reading: Reading, at: float) -> Price | None:
        """What the call cost, or None where that is not known. Raises nothing.

        Args:
            at: when it was made, in seconds since the epoch: prices change.
        """
        import genai_prices

        counts = _counts(reading)
        if counts is None:
            return None
        # Never by the name that the client asked for: another model may have been sent.
        for model in dict.fromkeys((reading.model, opening.model_sent)):
            if model is None:
                continue
            try:
                found = _calculate(opening.provider, model, counts, reading, at)
            except LookupError:
                continue  # not a model of this provider: perhaps by the name that was sent
            except (ValueError, ArithmeticError, TypeError, OSError):
                return None  # counts that contradict each other, or a date out of range
            if found is None or not _all_priced(found, reading):
                return None
            return Price(cost_usd=float(found.total_price), version=f"genai-prices {genai_prices.__version__}")
        return None


def _counts(reading: Reading) -> dict[str, int] | None:
    """The usage as the price data counts: there, the input includes the caches, and the output what is cited."""
    usage = reading.usage or Usage()
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    read, reasoning = usage.cache_read_tokens or 0, usage.reasoning_tokens or 0
    short, long = usage.cache_write_5m_tokens or 0, usage.cache_write_1h_tokens or 0
    billed = dict(reading.billed)
    return {
        **billed,
        "input_tokens": usage.input_tokens + read + short + long,
        "cache_read_tokens": read,
        "cache_write_tokens": short + long,
        "cache_write_5m_tokens": short,
        "cache_write_1h_tokens": long,
        "output_tokens": usage.output_tokens + billed.get("output_citation_tokens", 0),
        "output_reasoning_tokens": reasoning,
    }


def _calculate(
    provider: str, model: str, counts: dict[str, int], reading: Reading, at: float
) -> PriceCalculation | None:  # fmt: skip
    """The price of a model.

    Raises:
        LookupError: not a model that the provider is known to have.
        ValueError: the counts contradict each other.
    """
    from genai_prices import Usage as Counts
    from genai_prices import calc_price

    provider_id = _provider_id(provider, model)
    if provider_id is None:
        return None
    return calc_price(
        Counts(**counts),
        model,
        provider_id=provider_id,
        genai_request_timestamp=datetime.fromtimestamp(at, UTC),
        price_context=_context(provider_id, reading),
    )


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


def _context(provider_id: str, reading: Reading) -> dict[str, str]:
    """What of the answer selects another price than the standard one."""
    if provider_id == "anthropic":
        context = {"speed": reading.speed} if reading.speed else {}
        # "priority" is capacity bought beforehand, at no price per token; "batch" is half.
        return context | ({"processing": "batch"} if reading.service_tier == "batch" else {})
    return {"service_tier": reading.service_tier} if reading.service_tier else {}


def _all_priced(found: PriceCalculation, reading: Reading) -> bool:
    """Whether nothing was silently priced as something else, which is what the package does where it has no price."""
    usage = reading.usage or Usage()
    if usage.cache_write_1h_tokens and found.model_price.cache_write_1h_mtok is None:
        return False
    variants = [variant.when for variant in found.model.price_variants or ()]
    if found.provider.id == "anthropic":
        return reading.speed in (None, "standard") or {"speed": reading.speed} in variants
    tier = reading.service_tier
    if found.provider.id == "openai" and tier is not None and tier not in _ORDINARY_TIERS:
        return {"service_tier": tier} in variants
    return True
