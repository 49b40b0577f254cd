"""What a token of each kind costs by one model at one time: the price data is asked for each kind once.

    fresh, cache read, written for 5 min, for 1 h │ spoken, reasoned  ─▶  each × its price  ─▶  sum

To price a call takes the genai-prices package some 0.2 ms, for it finds out anew each time which prices
apply. Yet they are the same for all calls of a minute: a price for the call (mostly none) and one for each
token of a kind. For some models these depend on how much input there is (`TieredPrices`: beyond a threshold
another price holds for all tokens), so they are kept for each bracket between two thresholds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation

_INPUT_KINDS = 4


class Tokens(NamedTuple):
    """How many tokens of each kind; none is of two."""

    fresh: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    spoken: int = 0
    reasoning: int = 0

    @property
    def input(self) -> int:
        """All of the input."""
        return sum(self[:_INPUT_KINDS])


# What is billed besides tokens of these kinds: (unit, count), in the names of the price data.
Billed = tuple[tuple[str, int], ...]


class Tariff:
    """The prices of one model.

    Args:
        ask: the price data's answer to what was used; what it raises, `Tariff` and `cost` raise.
    """

    __slots__ = ("_ask", "_long_writes", "_per_call", "_rates", "_thresholds")

    def __init__(self, ask: Callable[[Tokens, Billed], PriceCalculation]) -> None:
        from genai_prices.types import TieredPrices

        nothing = ask(Tokens(), ())
        tiered = [price for price in vars(nothing.model_price).values() if isinstance(price, TieredPrices)]
        self._ask = ask
        self._long_writes = nothing.model_price.cache_write_1h_mtok is not None
        self._per_call = nothing.total_price
        self._thresholds = sorted({tier.start for price in tiered for tier in price.tiers})
        self._rates: dict[tuple[int, int], Decimal] = {}

    def cost(self, tokens: Tokens, billed: Billed) -> Decimal | None:
        """The price of a call in dollars; None where one kind would silently be priced as another."""
        if tokens.cache_write_1h and not self._long_writes:
            return None
        if billed or min(tokens) < 0:
            return self._ask(tokens, billed).total_price
        bracket = bisect_left(self._thresholds, tokens.input) if self._thresholds else 0
        costs = (self._rate(bracket, kind) * count for kind, count in enumerate(tokens) if count)
        return sum(costs, start=self._per_call)

    def _rate(self, bracket: int, kind: int) -> Decimal:
        """The price of one token of a kind, where there is so much input."""
        rate = self._rates.get((bracket, kind))
        if rate is None:
            rate = self._rates[bracket, kind] = self._asked(bracket, kind)
        return rate

    def _asked(self, bracket: int, kind: int) -> Decimal:
        least = self._thresholds[bracket - 1] + 1 if bracket else 0  # the least input in the bracket
        if kind < _INPUT_KINDS:
            count = least or 1
            asked, rest = self._ask(_of_kind(kind, count), ()), self._per_call
        else:
            count = 1
            asked, rest = self._ask(_of_kind(kind, count)._replace(fresh=least), ()), self._per_call
            rest += self._rate(bracket, 0) * least if least else 0
        return (asked.total_price - rest) / count


def _of_kind(kind: int, count: int) -> Tokens:
    return Tokens(*(count if each == kind else 0 for each in range(len(Tokens._fields))))
