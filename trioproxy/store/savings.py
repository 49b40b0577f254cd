"""What was done to a request so that it costs less, in dollars at list price.

    as the client sent it ──routing──▶ another model ──prompt caching──▶ what was billed

Each step is undone in turn, the last one first, and saved the difference that makes at the tokens
that were used. So a call that was routed and cached saved, in sum, the price of what its client had
sent less its cost. What was held back is priced against the cost, and is no part of that sum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from trioproxy.model import Saving, SavingKind, Usage
from trioproxy.store.base import Billable

# The price of a call in dollars, None where it is not known; never raises.
Cost = Callable[[Billable], float | None]

# In which order they are done to a request.
_STEPS = (SavingKind.ROUTING, SavingKind.PROMPT_CACHING)
# Differences of floats end in noise: a tenth of a billionth of a dollar is none.
_DECIMALS = 10
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Saved:
    """`usd`: the sum of what was done, None where that is nothing or not known; `savings`: JSON, the column's value."""

    usd: float | None = None
    savings: str | None = None


def worked_out(savings: tuple[Saving, ...], call: Billable, billed: float | None, cost: Cost) -> Saved:
    """What the savings of a call, which was `billed` so many dollars, came to."""
    if not savings:
        return Saved()
    # The call without its last step, then without the one before, and so on until it is what the client sent.
    without, dearer, saved = call, billed, {}
    for kind in reversed(_STEPS):
        for saving in savings:
            if saving.kind is kind and saving.held_back is None:
                cheaper, without = dearer, _undone(saving, without)
                dearer = cost(without)
                saved[kind] = _less(dearer, cheaper)
    entries = [
        _entry(saving, "saved_usd", saved[saving.kind])
        if saving.held_back is None
        else _entry(saving, "held_back_usd", _held_back(saving, call, billed, cost))
        for saving in savings
    ]
    return Saved(_less(dearer, billed) if saved else None, _encode(entries).decode())


def _undone(saving: Saving, call: Billable) -> Billable:
    if saving.kind is SavingKind.ROUTING:
        return call._replace(models=(saving.model_from,))
    return call._replace(usage=_uncached(call.usage)) if call.usage is not None else call


def _uncached(usage: Usage) -> Usage:
    """The same tokens, all of the input fresh."""
    cached = (usage.cache_read_tokens, usage.cache_write_5m_tokens, usage.cache_write_1h_tokens)
    fresh = None if usage.input_tokens is None else usage.input_tokens + sum(tokens or 0 for tokens in cached)
    return Usage(fresh, usage.output_tokens, reasoning_tokens=usage.reasoning_tokens)


def _held_back(saving: Saving, call: Billable, billed: float | None, cost: Cost) -> float | None:
    """What it would have saved at the same tokens; of a cache that was not written nobody knows them."""
    if saving.kind is not SavingKind.ROUTING:
        return None
    return _less(billed, cost(call._replace(models=(saving.model_to,))))


def _less(more: float | None, less: float | None) -> float | None:
    return None if more is None or less is None else round(more - less, _DECIMALS)


def _entry(saving: Saving, what: str, amount: float | None) -> dict[str, str | int | float | None]:
    entry: dict[str, str | int | float | None] = {"kind": saving.kind}
    if saving.kind is SavingKind.ROUTING:  # of the others the row's own model says it
        entry |= {"from": saving.model_from, "to": saving.model_to}
    entry |= {"score": saving.score, "held_back": saving.held_back}
    return {name: value for name, value in entry.items() if value is not None} | {what: amount}
