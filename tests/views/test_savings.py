"""Savings in words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trioproxy.model import SavingKind, ServedBy
from trioproxy.views import savings
from trioproxy.views.savings import merged, savings_notes


def part(
    kind: str, usd: float | None, *, requests: int = 1, unpriced: int = 0, why: str | None = None
) -> dict[str, Any]:
    amount = {"saved_usd": usd} if why is None else {"held_back_usd": usd}
    return {"kind": kind, "held_back": why, "requests": requests, "unpriced": unpriced, **amount}


def notes(*parts: dict[str, Any]) -> tuple[str, ...]:
    group: dict[str, Any] = {"savings": json.dumps(parts)}
    for name in ("saved_usd", "held_back_usd"):
        known = [each[name] for each in parts if each.get(name) is not None]
        group[name] = sum(known) if known else None
    return savings_notes(group)


WARM = "the cache of claude-opus-4-8 is warm"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([part("routing", 1.0, requests=14)], "saved $1.00 by routing (14 requests)"),
        ([part("replayed", 0.23, requests=1)], "saved $0.230 by replay (1 request)"),
        ([part("joined", None, unpriced=1)], "saved an unknown amount by joining (1 request)"),
        ([part("joined", 0.5, requests=3, unpriced=2)], "saved $0.500 by joining (3 requests, 2 of an unknown amount)"),
        ([part("prompt_caching", -0.002)], "saved -$0.0020 by prompt caching (1 request)"),
        ([part("some_new_one", 2)], "saved $2.00 by some_new_one (1 request)"),
        (
            [part("replayed", 0.23, requests=3), part("joined", None, unpriced=1), part("routing", 1.0, requests=14)],
            (
                "saved $1.23: $1.00 by routing (14 requests), $0.230 by replay (3 requests),"
                " an unknown amount by joining (1 request)"
            ),
        ),
        ([part("routing", 0.4, requests=5, why=WARM)], f"held back $0.400 (5 requests: {WARM})"),
        (
            [part("routing", 0.1, why="something else"), part("routing", 0.3, requests=4, why=WARM)],
            f"held back $0.400 (4 requests: {WARM}; 1 request: something else)",
        ),
        ([part("routing", None, unpriced=1, why=WARM)], f"held back an unknown amount (1 request: {WARM})"),
    ],
)
def test_a_note_says_how_much_how_and_of_how_many(parts: list[dict[str, Any]], said: str):
    assert notes(*parts) == (said,)


def test_the_greatest_reasons_and_how_many_more():
    parts = [part("routing", usd, requests=2, why=f"why {usd}") for usd in (1.0, 5.0, 3.0, 2.0, 4.0)]
    assert notes(*parts) == (
        "held back $15.00 (2 requests: why 5.0; 2 requests: why 4.0; 2 requests: why 3.0; 4 requests: other reasons)",
    )


def test_what_was_done_then_what_was_held_back():
    first, second = notes(part("routing", 0.4, why=WARM), part("routing", 1.0))
    assert first.startswith("saved $1.00 ")
    assert second.startswith("held back $0.400 ")


def test_nothing_to_say():
    assert savings_notes({}) == savings_notes({"savings": None}) == savings_notes({"savings": "[]"}) == ()


def test_every_kind_has_its_word():
    assert set(savings._KINDS) == {*SavingKind, ServedBy.JOINED, ServedBy.REPLAYED}


def test_lists_are_merged_by_kind_and_reason():
    one = json.dumps([part("routing", 1.0, requests=2), part("routing", 0.1, why=WARM)])
    two = json.dumps([part("routing", None, unpriced=1), part("routing", 0.3, requests=4, why=WARM)])
    three = json.dumps([part("replayed", 0.5)])
    whole = json.loads(merged([one, None, two, three]) or "")
    assert [(each["kind"], each["held_back"], each["requests"], each["unpriced"]) for each in whole] == [
        ("routing", None, 3, 1),
        ("routing", WARM, 5, 0),
        ("replayed", None, 1, 0),
    ]
    assert [(each["saved_usd"], each["held_back_usd"]) for each in whole] == [
        (1.0, None),
        (None, pytest.approx(0.4)),
        (0.5, None),
    ]


def test_nothing_merged_is_nothing():
    assert merged([None, "[]", None]) is None
    assert merged([]) is None
