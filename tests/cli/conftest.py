"""A ledger with three requests, and nothing of the user's own around it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.rows import call_receipt, exchange_receipt, opening, price

from trioproxy.model import (
    CallOutcome,
    ExchangeOutcome,
    Policy,
    Reading,
    Saving,
    SavingKind,
    ServedBy,
    Usage,
    UsageSource,
)
from trioproxy.store.sqlite import SqliteEngine


@pytest.fixture(autouse=True)
def _nothing_of_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [*os.environ]:
        if name.startswith("TRIOPROXY_") or name in {"XDG_CONFIG_HOME", "COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteEngine]:
    """The ledger that the configuration names; empty."""
    path = tmp_path / "ledger.db"
    monkeypatch.setenv("TRIOPROXY_LEDGER__URL", f"sqlite:///{path}")
    engine = SqliteEngine(path, owner="me", price=price)
    engine.connect()
    yield engine
    engine.disconnect()


@pytest.fixture
def recorded(engine: SqliteEngine) -> SqliteEngine:
    """With three requests in it: one delivered, one that its client left, one open."""
    unknown = Reading(usage=Usage(input_tokens=7), model="gpt-5-mini")
    engine.write(
        [
            opening(1),
            call_receipt(1),
            exchange_receipt(1),
            opening(2),
            call_receipt(2, outcome=CallOutcome.ABANDONED, reading=unknown),
            exchange_receipt(2, outcome=ExchangeOutcome.CLIENT_LEFT),
            replace(opening(3), exchange=replace(opening(3).exchange, source="curl\x1b[2J")),
        ]
    )
    return engine


@pytest.fixture
def saving(recorded: SqliteEngine) -> SqliteEngine:
    """With four more: one drained and estimated, one that joined it, one replayed, one not routed."""
    drained = opening(4, policy=Policy.DRAIN).call
    why = "the cache of claude-\x1b[2J is warm (used 40 s ago)"
    kept = opening(7, savings=(Saving(SavingKind.ROUTING, None, "gpt-5-nano", 2, held_back=why),)).call
    left = exchange_receipt(4, outcome=ExchangeOutcome.CLIENT_LEFT)
    recorded.write(
        [
            *(call_receipt(4, call=drained, detached_ms=12_345.6, usage_source=UsageSource.MIXED), left),
            exchange_receipt(5, served_by=ServedBy.JOINED, call_id="c4"),
            exchange_receipt(6, served_by=ServedBy.REPLAYED, call_id="c4"),
            *(call_receipt(7, call=kept), exchange_receipt(7)),
        ]
    )
    return recorded
