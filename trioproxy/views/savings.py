"""What was saved, how, and what was held back, in words.

A group of sums has a JSON list in `savings`, an object for each kind and each reason (store/summing.py
makes it): `kind`, `held_back`, `requests`, `unpriced`, `saved_usd` or `held_back_usd`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from trioproxy.views.cells import Row, Value, count, money, number, text

_KINDS = {"routing": "routing", "prompt_caching": "prompt caching", "joined": "joining", "replayed": "replay"}
_MOST_REASONS = 3
_COUNTS = ("requests", "unpriced", "saved_usd", "held_back_usd")


def merged(lists: Iterable[Value]) -> str | None:
    """Several groups' lists as one; None if all are empty."""
    sums: dict[tuple[Value, Value], dict[str, Value]] = {}
    for part in (part for each in lists for part in _parts(each)):
        key = part["kind"], part.get("held_back")
        there = sums.setdefault(key, {"kind": key[0], "held_back": key[1]})
        there.update({name: number({"a": there.get(name), "b": part.get(name)}, "a", "b") for name in _COUNTS})
    return json.dumps([*sums.values()]) if sums else None


def savings_notes(group: Row) -> tuple[str, ...]:
    """`saved $1.23: $1.00 by routing (14 requests), $0.230 by replay (3 requests)`, and what was held back."""
    parts = _parts(group.get("savings"))
    done = _greatest_first([part for part in parts if part.get("held_back") is None], "saved_usd")
    held_back = _greatest_first([part for part in parts if part.get("held_back") is not None], "held_back_usd")
    notes = []
    if done:
        named = [f"by {_KINDS.get(str(part['kind']), text(part['kind']))} ({_requests(part)})" for part in done]
        if len(named) > 1:
            named = [f"{_amount(part, 'saved_usd')} {name}" for part, name in zip(done, named, strict=True)]
        notes.append(f"saved {_amount(group, 'saved_usd')}{':' * (len(named) > 1)} {', '.join(named)}")
    if held_back:
        reasons = [f"{_requests(part)}: {text(part['held_back'])}" for part in held_back[:_MOST_REASONS]]
        if others := sum(number(part, "requests") or 0 for part in held_back[_MOST_REASONS:]):
            reasons.append(f"{_requests({'requests': others})}: other reasons")
        notes.append(f"held back {_amount(group, 'held_back_usd')} ({'; '.join(reasons)})")
    return tuple(notes)


def _parts(value: Value) -> list[dict[str, Value]]:
    found: list[dict[str, Value]] = json.loads(value) if isinstance(value, str) else []
    return found


def _greatest_first(parts: list[dict[str, Value]], amount: str) -> list[dict[str, Value]]:
    return sorted(parts, key=lambda part: -(number(part, amount) or 0))


def _amount(row: Row, name: str) -> str:
    usd = number(row, name)
    return "an unknown amount" if usd is None else money(usd)


def _requests(part: Row) -> str:
    many, unknown = number(part, "requests"), number(part, "unpriced") or 0
    said = f"{count(many)} request{'s' * (many != 1)}"
    return f"{said}, {count(unknown)} of an unknown amount" if 0 < unknown != many else said
