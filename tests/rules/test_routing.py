"""Which model a prompt goes to, as tables; and when nothing is done."""

from __future__ import annotations

from typing import Any

import pytest

from trioproxy.model import Saving, SavingKind
from trioproxy.rules.cache_state import CacheState
from trioproxy.rules.routing import Decision, decide, held, tiers
from trioproxy.settings import RouteSettings, RoutingSettings

OPUS, SONNET, HAIKU = "claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5"
ROUTING = RoutingSettings(
    enabled=True,
    table={
        "gpt-5": RouteSettings(cheap="gpt-5-nano", mid="gpt-5-mini"),
        "o9": RouteSettings(cheap="o9-mini"),
        "same": RouteSettings(cheap="same", mid="same"),
    },
)
# One prompt for each kind of score.
PROMPTS = {0: "What is a monad?", 2: "what is `ls`?", 3: "fix it", 5: "what is src/main.py?", 6: "fix main.py"}


def request(score: int, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": PROMPTS[score]}], **more}


def decided(score: int, model: str, cache: CacheState | None = None, routing: RoutingSettings = ROUTING) -> Decision:
    found = decide(request(score), model, routing, cache=cache)
    assert found.score in (score, None)
    return found


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        # for the scores                0          2            3            5            6
        (OPUS, [HAIKU, HAIKU, SONNET, SONNET, None]),
        ("claude-opus-4-8[1m]", [HAIKU, HAIKU, SONNET, SONNET, None]),
        ("claude-fable-5-2", [HAIKU, HAIKU, SONNET, SONNET, None]),
        ("claude-mythos-preview", [HAIKU, HAIKU, SONNET, SONNET, None]),
        ("claude-3-opus-20240229", [HAIKU, HAIKU, SONNET, SONNET, None]),
        (SONNET, [HAIKU, HAIKU, None, None, None]),
        ("claude-sonnet-4-5-20250929", [HAIKU, HAIKU, None, None, None]),
        (HAIKU, [None, None, None, None, None]),
        ("claude-3-5-haiku-20241022", [None, None, None, None, None]),
        ("claude-saga-7", [None, None, None, None, None]),
        ("gpt-5", ["gpt-5-nano", "gpt-5-nano", "gpt-5-mini", "gpt-5-mini", None]),
        ("GPT-5", [None, None, None, None, None]),
        ("gpt-5-2026", [None, None, None, None, None]),
        ("o9", ["o9-mini", "o9-mini", None, None, None]),
        ("same", [None, None, None, None, None]),
    ],
)
def test_simple_prompts_go_to_cheaper_models(model: str, sent: list[str | None]):
    assert [decided(score, model).model for score in PROMPTS] == sent


@pytest.mark.parametrize(
    ("cheap", "mid", "model", "expected"),
    [
        (SONNET, "claude-opus-4-5", OPUS, (SONNET, None)),
        (SONNET, SONNET, SONNET, (None, None)),
        ("claude-sonnet-5", SONNET, SONNET, (None, None)),
        ("my-own-model", "my-other-model", SONNET, ("my-own-model", None)),
        ("my-own-model", "my-other-model", OPUS, ("my-own-model", "my-other-model")),
        ("my-own-model", "my-other-model", HAIKU, (None, None)),
        (OPUS, OPUS, SONNET, (None, None)),
    ],
)
def test_never_to_itself_to_its_own_family_or_upward(cheap: str, mid: str, model: str, expected: tuple[str, str]):
    routing = RoutingSettings(enabled=True, cheap=cheap, mid=mid)
    assert tiers(model, routing) == expected


def test_a_routing_says_what_it_is():
    assert decided(2, OPUS) == Decision(
        model=HAIKU,
        score=2,
        reasons=("+2 a code construct (`ls`)",),
        saving=Saving(SavingKind.ROUTING, OPUS, HAIKU, 2),
    )
    assert decided(6, OPUS) == Decision(None, 6, ("+3 asks for work (fix)", "+3 a file name (main.py)"))


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (HAIKU, "claude-haiku-4-5 is of the cheapest family, which is never routed"),
        ("gpt-4", "gpt-4 is not in routing.table"),
        ("same", "routing.table has nothing cheaper for same"),
    ],
)
def test_a_model_that_is_not_routed_is_not_scored(model: str, why: str):
    assert decided(0, model) == Decision(None, None, (why,))
    nothing_below = RoutingSettings(enabled=True, cheap=OPUS, mid=OPUS)
    assert decided(0, SONNET, routing=nothing_below).reasons == (
        f"neither routing.cheap nor routing.mid is below {SONNET}",
    )


def warm(model: str) -> CacheState:
    return CacheState(model, 40.4, 300.0)


@pytest.mark.parametrize(
    ("model", "on", "sent"),
    [
        # for the scores   0      2      3       5       6
        (OPUS, OPUS, [None, None, None, None, None]),
        (OPUS, HAIKU, [HAIKU, HAIKU, HAIKU, HAIKU, None]),
        (OPUS, SONNET, [SONNET, SONNET, SONNET, SONNET, None]),
        (OPUS, "claude-opus-5-5", [HAIKU, HAIKU, SONNET, SONNET, None]),
        (SONNET, SONNET, [None, None, None, None, None]),
        (SONNET, HAIKU, [HAIKU, HAIKU, HAIKU, HAIKU, None]),
        (SONNET, OPUS, [HAIKU, HAIKU, None, None, None]),
        (HAIKU, HAIKU, [None, None, None, None, None]),
        ("gpt-5", "gpt-5-mini", ["gpt-5-mini"] * 4 + [None]),
    ],
)
def test_a_session_stays_where_its_cache_is_warm_unless_the_prompt_is_hard(
    model: str, on: str, sent: list[str | None]
):  # fmt: skip
    assert [decided(score, model, warm(on)).model for score in PROMPTS] == sent


def test_a_cold_cache_keeps_nobody():
    cold = CacheState(OPUS, 300.0, 300.0)
    assert decided(0, OPUS, cold) == decided(0, OPUS)


def test_what_is_held_back_is_told():
    why = f"the cache of {OPUS} is warm (used 40 s ago)"
    held_back = Saving(SavingKind.ROUTING, OPUS, HAIKU, 0, why)
    assert decided(0, OPUS, warm(OPUS)) == Decision(None, 0, ("0: a short, plain text",), why, held_back)
    assert decided(6, OPUS, warm(OPUS)).held_back is None


def test_staying_and_leaving_are_told():
    assert decided(0, OPUS, warm(SONNET)).reasons[-1] == f"stays: the cache of {SONNET} is warm (used 40 s ago)"
    assert decided(0, OPUS, warm(SONNET)).saving == Saving(SavingKind.ROUTING, OPUS, SONNET, 0)
    leaving = decided(6, OPUS, warm(HAIKU))
    assert leaving.reasons[-1] == f"leaves, although the cache of {HAIKU} is warm (used 40 s ago): a hard prompt may"
    assert leaving.saving is None


def test_what_the_cheaper_model_would_refuse_holds_it_back():
    found = decide(request(0, thinking={"type": "adaptive"}), OPUS, ROUTING)
    why = "claude-haiku-4-5 does not take adaptive thinking"
    assert found.model is None
    assert found.held_back == why
    assert found.saving == Saving(SavingKind.ROUTING, OPUS, HAIKU, 0, why)
    assert decide(request(3, thinking={"type": "adaptive"}), OPUS, ROUTING).model == SONNET
    assert decide(request(0), OPUS, ROUTING, input_tokens=500_000).model is None


def test_a_decision_can_be_held_back_later():
    found = held(decided(0, OPUS), "it cannot be edited")
    assert found.model is None
    assert found.held_back == "it cannot be edited"
    assert found.saving == Saving(SavingKind.ROUTING, OPUS, HAIKU, 0, "it cannot be edited")
    assert held(decided(6, OPUS), "why") == decided(6, OPUS)
