"""The `[stream]` lines: one for each abnormal end, with its cause, its phase and its bytes.

[stream] abandoned: client left while between chunks; 2711 bytes in, anthropic claude-opus-4-8, call 0199…
"""

from __future__ import annotations

from dataclasses import dataclass

from trioproxy.model import CallOutcome, CallReceipt, ExchangeOutcome, ExchangeReceipt
from trioproxy.rules.lifecycle import Cause, Phase

INFO, WARNING, ERROR = 20, 30, 40


@dataclass(frozen=True, slots=True)
class Line:
    """A log line and its level (the numbers of the standard library's logging)."""

    level: int
    text: str


_LEVELS = {
    CallOutcome.COMPLETED: INFO,
    CallOutcome.ABANDONED: INFO,
    CallOutcome.SHUTDOWN: INFO,
    CallOutcome.INTERNAL_ERROR: ERROR,
}


def call_line(receipt: CallReceipt, phase: Phase, cause: Cause | None) -> Line | None:
    """The line for a call; None if it was completed."""
    if receipt.outcome is CallOutcome.COMPLETED:
        return None
    if cause is not None:
        why = f"{cause} while {phase}"
    elif receipt.outcome is CallOutcome.UPSTREAM_ERROR:
        why = f"the stream carried an error, {phase}"
    else:
        why = f"no last event of its protocol, {phase}"
    opening = receipt.opening
    what = opening.model_requested or opening.path
    text = (
        f"[stream] {receipt.outcome}: {why}; {receipt.bytes_in} bytes in, {opening.provider} {what}, call {opening.id}"
    )
    return Line(_LEVELS.get(receipt.outcome, WARNING), f"{text}: {receipt.error}" if receipt.error else text)


def delivery_line(
    receipt: ExchangeReceipt, cause: Cause | None, *, call_told: bool, lives_on: bool = False
) -> Line | None:
    """The line for a delivery; None if it was whole, or if its call's own line tells the story.

    `lives_on`: its call goes on, for others or for nobody.
    """
    if receipt.outcome is ExchangeOutcome.DELIVERED or call_told:
        return None
    opening = receipt.opening
    if lives_on:
        phase = f"; call {receipt.call_id} lives on"
    else:
        phase = f" {Phase.ENDED}" if receipt.call_id else " before a call"
    why = f"{cause}{phase}" if cause is not None else receipt.error
    return Line(
        INFO,
        f"[stream] {receipt.outcome}: {why}; {receipt.bytes_out} bytes out, "
        f"{opening.provider} {opening.path}, exchange {opening.id}",
    )
