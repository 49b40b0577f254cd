"""What was done to a request so that it costs less, in dollars at list price.

    as the client sent it ──routing──▶ another model ──prompt caching──▶ what was billed

Each step is undone in turn, the last one first, and saved the difference that makes at the tokens
that were used. So a call that was routed and cached saved, in sum, the price of what its client had
sent less its cost. What was held back is priced against the cost, and is no part of that sum.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from trioproxy.model import CallOpening, CallReceipt, Reading, Saving, SavingKind, Usage

# The price of a reading in dollars, None where it is not known; never raises.
Cost = Callable[[CallOpening, Reading], float | None]

# In which order they are done to a request.
_STEPS = (SavingKind.ROUTING, SavingKind.PROMPT_CACHING)
# Differences of floats end in noise: a tenth of a billionth of a dollar is none.
_DECIMALS = 10


@dataclass(frozen=True, slots=True)
class Saved:
    """`usd`: the sum of what was done, None where that is nothing or not known; `savings`: JSON, the column's value."""

    usd: float | None = None
    savings: str | None = None


def worked_out(receipt: CallReceipt, cost: Cost) -> Saved:
    """What the savings of the call's opening came to."""
    savings = receipt.opening.savings
    if not savings:
        return Saved()
    last_first = sorted(
        (saving for saving in savings if saving.held_back is None),
        key=lambda saving: _STEPS.index(saving.kind),
        reverse=True,
    )
    # The call as it was, then without its last step, and so on until it is what the client sent.
    calls = [(receipt.opening, receipt.reading)]
    for saving in last_first:
        calls.append(_undone(saving, *calls[-1]))
    bills = [cost(*call) for call in calls]
    saved = {
        saving.kind: _less(without, with_it)
        for saving, with_it, without in zip(last_first, bills, bills[1:], strict=False)
    }
    entries = [
        _entry(saving, saved_usd=saved[saving.kind])
        if saving.held_back is None
        else _entry(saving, held_back_usd=_held_back(saving, receipt, bills[0], cost))
        for saving in savings
    ]
    return Saved(_less(bills[-1], bills[0]) if last_first else None, json.dumps(entries))


def _undone(saving: Saving, opening: CallOpening, reading: Reading) -> tuple[CallOpening, Reading]:
    if saving.kind is SavingKind.ROUTING:
        return _by(saving.model_from, opening, reading)
    return opening, replace(reading, usage=_uncached(reading.usage or Usage()))


def _by(model: str | None, opening: CallOpening, reading: Reading) -> tuple[CallOpening, Reading]:
    return replace(opening, model_sent=model), replace(reading, model=model)


def _uncached(usage: Usage) -> Usage:
    """The same tokens, all of the input fresh."""
    cached = (usage.cache_read_tokens, usage.cache_write_5m_tokens, usage.cache_write_1h_tokens)
    fresh = None if usage.input_tokens is None else usage.input_tokens + sum(tokens or 0 for tokens in cached)
    return replace(
        usage, input_tokens=fresh, cache_read_tokens=None, cache_write_5m_tokens=None, cache_write_1h_tokens=None
    )


def _held_back(saving: Saving, receipt: CallReceipt, billed: float | None, cost: Cost) -> float | None:
    """What it would have saved at the same tokens; of a cache that was not written nobody knows them."""
    if saving.kind is not SavingKind.ROUTING:
        return None
    return _less(billed, cost(*_by(saving.model_to, receipt.opening, receipt.reading)))


def _less(more: float | None, less: float | None) -> float | None:
    return None if more is None or less is None else round(more - less, _DECIMALS)


def _entry(saving: Saving, **amount: float | None) -> dict[str, str | int | float | None]:
    routed = saving.kind is SavingKind.ROUTING
    said = {
        "kind": str(saving.kind),
        "from": saving.model_from if routed else None,  # of the others the row's own model says it
        "to": saving.model_to if routed else None,
        "score": saving.score,
        "held_back": saving.held_back,
    }
    return {**{name: value for name, value in said.items() if value is not None}, **amount}
