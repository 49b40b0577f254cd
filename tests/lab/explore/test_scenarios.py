from __future__ import annotations

import pytest
from support.exploring import play_one

from trioproxy.lab.explore.scenarios import SCENARIOS

# How each ends by itself: calls, deliveries.
BY_ITSELF = {
    "stream": ("completed", "delivered"),
    "paced": ("completed", "delivered"),
    "json": ("completed", "delivered"),
    "error-answer": ("completed", "delivered"),
    "late-head": ("completed", "delivered"),
    "interim": ("completed", "delivered"),
    "bad-head": ("truncated", "upstream_failed"),
    "short": ("truncated", "upstream_failed"),
    "gzip": ("completed", "delivered"),
    "chat": ("completed", "delivered"),
    "early-answer": ("completed", "delivered"),
    "blocked": ("completed", "delivered"),
    "slow-reader": ("completed", "delivered"),
    "closed": ("truncated", "upstream_failed"),
    "reset": ("truncated", "upstream_failed"),
    "garbled": ("truncated", "upstream_failed"),
    "silent": ("timeout", "upstream_failed"),
    "error-event": ("upstream_error", "delivered"),
    "no-last-event": ("truncated", "delivered"),
    "until-close": ("completed", "delivered"),
    "no-head": ("truncated", "upstream_failed"),
    "refused": ("connect_failed", "upstream_failed"),
    "unreachable": ("connect_failed", "upstream_failed"),
    "upload": ("completed", "delivered"),
    "too-large": ("", "rejected"),
    "leaver": ("abandoned", "client_left"),
    "resend": ("abandoned completed", "client_left delivered"),
    "resend-at-once": ("abandoned completed", "client_left delivered"),
    "join": ("completed", "delivered delivered"),
    "join-at-once": ("completed", "delivered delivered"),
    "join-blocked": ("completed", "delivered delivered"),
    "join-broken": ("truncated", "upstream_failed upstream_failed"),
    "replay": ("completed", "delivered delivered"),
    "neighbours": ("completed completed", "delivered delivered"),
    "strangers": ("completed completed", "delivered delivered"),
    "linger": ("completed", "client_left"),
    "linger-over": ("abandoned", "client_left"),
    "linger-resend": ("completed", "client_left delivered"),
    "drain": ("completed", "client_left"),
    "drain-usage": ("abandoned", "client_left"),
    "routed": ("completed", "delivered"),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_how_each_ends_by_itself(name: str) -> None:
    happened = play_one(name)

    calls = " ".join(booked.receipt.outcome for booked in happened.books.calls)
    exchanges = " ".join(booked.receipt.outcome for booked in happened.books.exchanges)
    assert (calls, exchanges) == BY_ITSELF[name]
    assert happened.left_over == []


def test_the_names_are_the_stories() -> None:
    assert all(name == scenario.story.name for name, scenario in SCENARIOS.items())
    assert set(BY_ITSELF) == set(SCENARIOS)
