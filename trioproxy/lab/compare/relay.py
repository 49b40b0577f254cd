"""One upstream call as a task, in a nursery that somebody else keeps: open, pump, settle.

    nursery ──▶ CompactRelay.run ◀── Client
                     │ Channels
                     ▼
                 deliver (owned.py)

The proxy's own relay in a few lines, with the axes in place of its decisions.
"""

# ruff: noqa: TID251 - the scope that ends a call, as in the proxy's own relay

from __future__ import annotations

import logging
import math

import trio

from trioproxy.errors import OurError, ShuttingDown, TrioProxyError, UpstreamTruncated
from trioproxy.lab.compare.account import Call
from trioproxy.lab.compare.channel import Channel, Channels
from trioproxy.lab.compare.client import Client, why
from trioproxy.lab.compare.semantics import Leaving, Semantics
from trioproxy.lab.compare.till import Till
from trioproxy.lab.compare.verdict import Verdict, verdict
from trioproxy.model import CallOutcome, Policy, Until
from trioproxy.rules.disconnect import Progress, Terms, applying, outlives_s
from trioproxy.rules.lifecycle import Cause
from trioproxy.trace.records import Lane, What

log = logging.getLogger("trioproxy")

# Bounds that the experiments never meet.
_MANY = 1_000_000
_LARGE_BYTES = 1 << 40


class CompactRelay:
    """One upstream call."""

    def __init__(self, call: Call, client: Client, till: Till, semantics: Semantics) -> None:
        self.call = call
        self.channels = Channels(semantics)
        self.closing = False
        self._client = client
        self._till = till
        self._verdict: Verdict[CallOutcome] = verdict(semantics.cause)
        self._terms = applying(terms(semantics.leaving), generation=call.generation)
        self._life = trio.CancelScope()
        self._departure = Cause.CLIENT_LEFT
        self._left_at: float | None = None
        self._was_left = False

    @property
    def joinable(self) -> bool:
        """One more may read it from its first byte on."""
        return not self.closing and trio.current_time() < self._life.deadline

    def sit(self) -> Channel:
        """One more reads it."""
        self._life.deadline = math.inf
        self._back()
        self.call.tell(Lane.SEAT, What.JOINED if self.channels.count or self._was_left else What.SAT)
        return self.channels.take()

    def leave(self, channel: Channel, cause: Cause) -> None:
        """One reads no more; was it the last one, the policy says how long the call lives on."""
        if not self.channels.leave(channel):
            return
        self.call.tell(Lane.SEAT, What.LEFT, cause)
        if self.channels.count or self.closing:
            return
        self._verdict.note(self.call.outcome(cause))
        self._departure, self._was_left = cause, True
        stay_s = outlives_s(self._terms, self._progress).seconds_s
        if stay_s > 0:
            self._left_at = trio.current_time()
            self._life.deadline = self._left_at + stay_s
        else:
            self.closing = True
            self.call.tell(Lane.PUMP, What.CANCELLED, cause)
            self._life.cancel()

    @property
    def _progress(self) -> Progress:
        call = self.call
        status = call.head.status if call.head is not None else None
        return Progress(call.phase, status, call.bytes_in, usage_known=False, detached=0)

    def _back(self) -> None:
        if self._left_at is not None:
            self.call.detached_s += trio.current_time() - self._left_at
            self._left_at = None

    async def run(self) -> None:
        """Carry the call to its end and settle it; never raises anything but `Cancelled`."""
        cause: Cause | None = Cause.SHUTDOWN
        try:
            cause = await self._carry()
        finally:
            self.closing = True
            self._back()
            if cause is Cause.SHUTDOWN:
                self.call.failure = ShuttingDown("the server is shutting down")
            outcome = self._verdict.final(self.call.outcome(cause))
            failure = self.call.failure
            self.channels.close(failure or (UpstreamTruncated(f"the call was ended: {cause}") if cause else None))
            await self._settle(outcome)  # noqa: ASYNC102 - the shield is the axis

    async def _carry(self) -> Cause | None:
        try:
            with self._life:
                await self._pump()
        except Exception as error:  # noqa: BLE001 - a bug ends its own call and no other
            return self._failed(error)
        if self._life.cancelled_caught:
            return self._departure
        self._verdict.note(self.call.outcome(None))
        return None

    async def _pump(self) -> None:
        call = self.call
        answer = await self._client.send(call.plan, call)
        try:
            call.begin(answer.head)
            self.channels.begin(answer.head)
            while chunk := await answer.receive():
                call.came(chunk)
                await self.channels.send(chunk)
            call.finish()
        finally:
            await answer.close()  # noqa: ASYNC102 - at once, without waiting

    def _failed(self, error: Exception) -> Cause:
        if not isinstance(error, TrioProxyError):
            log.error("call %s: a fault of ours", self.call.opening.id, exc_info=error)
            error = OurError(f"{type(error).__name__}: {error}")
        self.call.failure = error
        cause = why(error)
        self._verdict.note(self.call.outcome(cause))
        return cause

    async def _settle(self, outcome: CallOutcome) -> None:
        try:
            await self._till.settle(self.call.receipt(outcome))
        except Exception:  # the wall: whatever settling does, neighbours live
            log.critical("call %s could not be settled as %s", self.call.opening.id, outcome, exc_info=True)


def terms(leaving: Leaving) -> Terms:
    """The policy as the proxy's own rule takes it, without its bounds."""
    return Terms(
        policy=leaving.policy,
        linger_s=leaving.seconds_s if leaving.policy is Policy.LINGER else 0.0,
        drain_limit_s=leaving.seconds_s,
        until=Until.END,
        max_detached=_MANY,
        max_bytes=_LARGE_BYTES,
    )
