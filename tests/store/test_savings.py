"""What was done to a request so that it costs less, in dollars."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rows import AT

from trioproxy.model import Saving, SavingKind, Usage
from trioproxy.store.base import Billable
from trioproxy.store.prices import PriceBook
from trioproxy.store.savings import Saved, worked_out

OPUS, HAIKU = "claude-opus-4-8", "claude-haiku-4-5"
# Dollars for a token of input, output, cache read and cache write.
BOOK: Mapping[str, tuple[float, ...]] = {OPUS: (5, 25, 0.5, 6.25), HAIKU: (1, 5, 0.1, 1.25)}
# At HAIKU 10 + 100 + 1 + 25 = 136; uncached 40 + 100 = 140. At OPUS 680; uncached 700.
CACHED = Usage(input_tokens=10, output_tokens=20, cache_read_tokens=10, cache_write_5m_tokens=20)
ROUTED = Saving(SavingKind.ROUTING, OPUS, HAIKU, 1)
CACHING = Saving(SavingKind.PROMPT_CACHING, HAIKU, HAIKU)
WARM = "the cache of claude-opus-4-8 is warm (used 40 s ago)"
HELD_BACK = Saving(SavingKind.ROUTING, None, HAIKU, 2, held_back=WARM)


def cost(call: Billable) -> float | None:
    usage, prices = call.usage, BOOK.get(call.models[0] or "")
    if usage is None or usage.input_tokens is None or prices is None:
        return None
    writes = (usage.cache_write_5m_tokens or 0) + (usage.cache_write_1h_tokens or 0)
    counts = (usage.input_tokens, usage.output_tokens or 0, usage.cache_read_tokens or 0, writes)
    return sum(price * count for price, count in zip(prices, counts, strict=True))


def saved(*savings: Saving, model: str = HAIKU, usage: Usage | None = CACHED) -> tuple[float | None, Any]:
    call = Billable("anthropic", (model, model), usage, AT)
    found = worked_out(savings, call, cost(call), cost)
    return found.usd, None if found.savings is None else json.loads(found.savings)


def test_nothing_was_done():
    call = Billable("anthropic", (OPUS,), CACHED, AT)
    assert worked_out((), call, cost(call), cost) == Saved(None, None)


def test_routing_saves_the_difference_of_the_two_models_at_the_actual_tokens():
    assert saved(ROUTED) == (
        680 - 136,
        [{"kind": "routing", "from": OPUS, "to": HAIKU, "score": 1, "saved_usd": 680 - 136}],
    )


def test_prompt_caching_saves_what_the_same_tokens_would_have_cost_fresh():
    assert saved(CACHING) == (140 - 136, [{"kind": "prompt_caching", "saved_usd": 140 - 136}])


def test_a_first_write_costs_more_and_that_is_said():
    first = Usage(input_tokens=10, output_tokens=20, cache_write_5m_tokens=20, cache_write_1h_tokens=20)
    assert saved(CACHING, usage=first) == (-10, [{"kind": "prompt_caching", "saved_usd": -10}])


@pytest.mark.parametrize("savings", [(ROUTED, CACHING), (CACHING, ROUTED)])
def test_both_add_up_to_what_the_client_s_own_request_would_have_cost_more(savings: tuple[Saving, ...]):
    usd, entries = saved(*savings)
    assert usd == 700 - 136
    # Routing comes first, so that caching saved what it saves at the model that answered.
    assert {entry["kind"]: entry["saved_usd"] for entry in entries} == {"prompt_caching": 4, "routing": 700 - 140}
    assert [entry["kind"] for entry in entries] == [str(saving.kind) for saving in savings]


def test_what_was_held_back_is_told_apart_and_is_no_saving():
    usd, entries = saved(HELD_BACK, model=OPUS)
    assert usd is None
    assert entries == [{"kind": "routing", "to": HAIKU, "score": 2, "held_back": WARM, "held_back_usd": 680 - 136}]


def test_what_was_held_back_beside_what_was_done():
    usd, entries = saved(HELD_BACK, CACHING, model=OPUS)
    assert usd == 700 - 680
    assert [entry.get("held_back_usd") for entry in entries] == [680 - 136, None]


def test_what_a_cache_that_was_not_written_would_have_saved_nobody_knows():
    held_back = Saving(SavingKind.PROMPT_CACHING, held_back="too short")
    assert saved(held_back) == (
        None,
        [{"kind": "prompt_caching", "held_back": "too short", "held_back_usd": None}],
    )


@pytest.mark.parametrize(
    ("saving", "model", "usage"),
    [
        (ROUTED, HAIKU, None),
        (CACHING, HAIKU, None),
        (CACHING, HAIKU, Usage(output_tokens=20)),
        (ROUTED, "unheard-of", CACHED),
        (CACHING, "unheard-of", CACHED),
        (Saving(SavingKind.ROUTING, "unheard-of", HAIKU, 1), HAIKU, CACHED),
        (Saving(SavingKind.ROUTING, None, HAIKU, 1), HAIKU, CACHED),
        (Saving(SavingKind.ROUTING, None, "unheard-of", 1, WARM), OPUS, CACHED),
    ],
)
def test_what_cannot_be_priced_is_not_known(saving: Saving, model: str, usage: Usage | None):
    usd, (entry,) = saved(saving, model=model, usage=usage)
    assert usd is None
    assert entry["held_back_usd" if saving.held_back else "saved_usd"] is None


def test_one_part_that_is_not_known_makes_the_sum_unknown():
    usd, (routing, caching) = saved(Saving(SavingKind.ROUTING, "unheard-of", HAIKU, 1), CACHING)
    assert (usd, routing["saved_usd"], caching["saved_usd"]) == (None, None, 4)


TOKENS = st.none() | st.integers(0, 10**6)


@given(
    usage=st.builds(Usage, st.integers(0, 10**6), TOKENS, TOKENS, TOKENS, TOKENS),
    savings=st.permutations([ROUTED, CACHING, HELD_BACK]).flatmap(
        lambda order: st.integers(0, 3).map(lambda many: tuple(order[:many]))
    ),
)
def test_the_parts_add_up(usage: Usage, savings: tuple[Saving, ...]):
    usd, entries = saved(*savings, usage=usage)
    done = [entry["saved_usd"] for entry in entries or [] if "saved_usd" in entry]
    assert usd == (pytest.approx(sum(done)) if done else None)


def test_at_list_prices():
    """A million fresh tokens and a million out: $5 + $25 by Opus 4.8, $1 + $5 by Haiku 4.5."""
    book = PriceBook()

    def list_price(call: Billable) -> float | None:
        price = book.price(call)
        return price.cost_usd if price else None

    call = Billable("anthropic", ("claude-haiku-4-5-20251001", HAIKU), Usage(1_000_000, 1_000_000), AT)
    assert worked_out((ROUTED,), call, list_price(call), list_price).usd == pytest.approx(30 - 6)
