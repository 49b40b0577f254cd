"""The values that travel with a request, and the words they use; all of them frozen."""

from __future__ import annotations

from trioproxy.model.kinds import (
    CallOutcome,
    Dialect,
    ExchangeOutcome,
    Join,
    Policy,
    SavingKind,
    ServedBy,
    Until,
    UsageSource,
)
from trioproxy.model.receipts import CallOpening, CallReceipt, ExchangeOpening, ExchangeReceipt, Saving
from trioproxy.model.values import Arrival, Asked, Generated, Head, Plan, RawHeaders, Reading, Usage

__all__ = [
    "Arrival",
    "Asked",
    "CallOpening",
    "CallOutcome",
    "CallReceipt",
    "Dialect",
    "ExchangeOpening",
    "ExchangeOutcome",
    "ExchangeReceipt",
    "Generated",
    "Head",
    "Join",
    "Plan",
    "Policy",
    "RawHeaders",
    "Reading",
    "Saving",
    "SavingKind",
    "ServedBy",
    "Until",
    "Usage",
    "UsageSource",
]
