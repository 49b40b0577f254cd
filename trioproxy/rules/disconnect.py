"""How many seconds an upstream call outlives its last client.

    last client leaves ─▶ outlives_s(progress so far) ─▶ deadline = that moment + seconds
    another chunk      ─▶ outlives_s(progress so far) ─▶ the same seconds, or 0: now

A policy is a number of seconds: `abort` is 0, `linger` is `disconnect.linger`, `drain`
is `disconnect.drain_limit`. It is that number only where living on can be worth
something: the sending of the request has begun, it is paid by the token, and the answer
is not an error and has not ended. Nothing here lives on without bounds: not the seconds, not the
calls, not the bytes. Seconds are kept by the relay; this never sees a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from trioproxy.model import Policy, Until
from trioproxy.rules.lifecycle import Phase
from trioproxy.settings import DisconnectSettings


@dataclass(frozen=True, slots=True)
class Progress:
    """A call without clients, as far as it has come."""

    phase: Phase
    # Of the answer's head; None before it.
    status: int | None
    # Body bytes so far.
    bytes_in: int
    # The upstream has reported its usage, output included.
    usage_known: bool
    # How many other calls live on without a client already.
    detached: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What the configuration says for the calls of one provider. Times in seconds."""

    policy: Policy
    linger_s: float
    drain_limit_s: float
    until: Until
    max_detached: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Stay:
    """How long a call lives on from the moment its last client left.

    `bound`: the limit that forbids what the policy would have allowed, in words for the
    ledger's `error` and the log. Where it is set from the beginning, the policy that
    applied was `abort`.
    """

    seconds_s: float
    bound: str | None = None


_NOT_AT_ALL = Stay(0.0)


def terms(settings: DisconnectSettings, on_disconnect: Policy | None, *, max_bytes: int) -> Terms:
    """The terms of a provider.

    Args:
        settings: the section `[disconnect]`.
        on_disconnect: the provider's own policy; None where it has none.
        max_bytes: the longest answer that is received without a client (`replay.max_body_bytes`).
    """
    return Terms(
        policy=on_disconnect or settings.policy,
        linger_s=settings.linger,
        drain_limit_s=settings.drain_limit,
        until=settings.until,
        max_detached=settings.max_detached,
        max_bytes=max_bytes,
    )


def applying(terms: Terms, *, generation: bool) -> Terms:
    """The terms of one call: what is no generation is not paid by the token, and ends with its client."""
    return terms if generation else replace(terms, policy=Policy.ABORT)


def outlives_s(terms: Terms, progress: Progress) -> Stay:
    """How long the call lives on; the seconds count from its last client's departure.

    For a call in progress it is either 0 or the policy's one number. Asked again as the
    call goes on, it says that number until it says 0, and never changes back (`detached`
    counts those who were let in before: it does not rise over the limit afterwards).

    Example: with `drain`, a 2xx stream lives on for `drain_limit_s`; the same with an answer
    of 429, or before the request was sent, ends with its client.
    """
    if not _worth_paying(progress):
        return _NOT_AT_ALL
    seconds_s = _policy_s(terms, usage_known=progress.usage_known)
    if seconds_s <= 0:
        return _NOT_AT_ALL
    if progress.detached >= terms.max_detached:
        return Stay(0.0, f"no more than {terms.max_detached} calls live on without a client (disconnect.max_detached)")
    if progress.bytes_in > terms.max_bytes:
        return Stay(
            0.0, f"no answer of over {terms.max_bytes} bytes is received without a client (replay.max_body_bytes)"
        )
    return Stay(seconds_s)


def _worth_paying(progress: Progress) -> bool:
    """Whether something is being paid for that would be lost: the rest of an answer."""
    if progress.phase in (Phase.CONNECTING, Phase.ENDED):
        return False  # nothing sent yet, or nothing more to come
    return progress.status is None or 200 <= progress.status < 300


def _policy_s(terms: Terms, *, usage_known: bool) -> float:
    if terms.policy is Policy.ABORT or (terms.policy is Policy.DRAIN and terms.until is Until.USAGE and usage_known):
        return 0.0
    return terms.linger_s if terms.policy is Policy.LINGER else terms.drain_limit_s
