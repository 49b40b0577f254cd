"""One upstream call: open the source, pump its chunks, settle.

    House ── nursery ──▶ Relay.run ◀── Source
                            │ memory channel
                            ▼
                          Seat ──▶ the response generator (one, or several: seating.py)

Who may cancel what: when the last seat is left, the disconnect policy gives `_life` a
deadline, or cancels it at once; it does so later, too, if a chunk that comes for nobody meets
one of its bounds. A phase that takes too long is ended by `_patience`; the house cancels
everything at its deadline. Which of the three it was is read from the scope that caught it
(ADR 0005). Nothing of a client ever reaches the house, and no relay ever raises into it: one
error there would end everybody's streams.

`Relay.run` is settled in one place, once, synchronously, on every path.
"""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import trio

from trioproxy.commission import Commission
from trioproxy.detachment import Detachment
from trioproxy.errors import (
    ClientError,
    OurError,
    ShuttingDown,
    TrioProxyError,
    UpstreamError,
    UpstreamTruncated,
)
from trioproxy.model import CallReceipt, Head, Plan, Reading
from trioproxy.phases import Phases
from trioproxy.providers.base import Meter
from trioproxy.providers.meters import Silent
from trioproxy.rules.disconnect import Progress
from trioproxy.rules.lifecycle import Cause, Phase, cause_of, outcome_of
from trioproxy.seat import Seat
from trioproxy.seating import Seating
from trioproxy.sources.base import Answer

log = logging.getLogger("trioproxy")


class Relay:
    """One upstream call.

    Args:
        detached: the ids of all calls that live on without a client; its own is there while it does.
    """

    __slots__ = (
        "_began", "_commission", "_departure", "_life", "_meter", "_patience", "_phases", "_ttfb_ms", "bytes_in",
        "closing", "detachment", "failure", "head", "opening", "seating",
    )  # fmt: skip

    def __init__(self, commission: Commission, detached: set[str]) -> None:
        self.opening = commission.opening
        self._commission = commission
        self._life = trio.CancelScope()
        self._patience = trio.CancelScope()
        self._phases = Phases(
            self._patience, commission.limits_s, commission.durable, commission.late, commission.entered
        )
        self._began = trio.current_time()
        self._ttfb_ms: float | None = None
        self._departure = Cause.CLIENT_LEFT
        self.detachment = Detachment(self.opening.id, commission.terms, detached)
        self.seating = Seating(self._deserted, tape=commission.tape, max_lag_bytes=commission.max_lag_bytes)
        self._meter: Meter = Silent()
        self.closing = False  # it is being ended, or has ended
        self.head: Head | None = None
        self.failure: TrioProxyError | None = None
        self.bytes_in = 0

    def sit(self) -> Seat:
        """A client's place at this relay; it is handed the answer from its first byte on."""
        self._life.deadline = math.inf
        self.detachment.end(trio.current_time())
        return self.seating.take()

    @property
    def phase(self) -> Phase:
        """Where the call is."""
        return self._phases.phase

    @property
    def joinable(self) -> bool:
        """Whether one more client could still be given all of the answer.

        The deadline is compared; reading `cancel_called` would make final what nobody has seen yet.
        """
        return not self.closing and trio.current_time() < self._life.deadline and self.seating.has_all

    @property
    def whole(self) -> bool:
        """The answer is all there: it ended by itself, or its protocol said its last word."""
        return (self.phase is Phase.ENDED and self.failure is None) or self.reading().ended

    def reading(self) -> Reading:
        """What the meter has read so far; one that fails in this is dropped, and the answer judged by its framing."""
        try:
            return self._meter.reading()
        except Exception:
            log.exception("call %s: its meter failed", self.opening.id)
            self._meter = Silent()
            return self._meter.reading()

    def _deserted(self, cause: Cause) -> None:
        """The last seat has been left: how long the call lives on."""
        self._departure = cause
        now = until = trio.current_time()
        if cause in (Cause.CLIENT_LEFT, Cause.CLIENT_STALLED):
            until = self.detachment.begin(self._progress(), now)
        if until > now:
            self._life.deadline = until
        else:
            self._cease()

    def _cease(self) -> None:
        """End the call for want of a client."""
        self.closing = True
        self._life.cancel(reason=self._departure)

    def _progress(self) -> Progress:
        reading = self.reading()
        reported = reading.usage is not None and reading.usage.output_tokens is not None
        return Progress(
            phase=self.phase,
            status=self.head.status if self.head else None,
            bytes_in=self.bytes_in,
            # Some servers report in every chunk what has been used so far.
            usage_known=reported and (reading.stop_reason is not None or reading.ended),
            detached=self.detachment.others,
        )

    # The one task.

    async def run(self) -> None:
        """Carry the call from opening to settling; never raises anything but `Cancelled`."""
        cause: Cause | None = Cause.SHUTDOWN  # what it is if this frame is cancelled from outside
        try:
            cause = await self._carry()
        finally:
            self._end(cause)

    async def _carry(self) -> Cause | None:
        """Open, pump, close. Returns why it ended early, or None; the scope that caught it tells."""
        try:
            with self._life, self._patience:
                async with self._commission.source.open(self._plan(), self._phases) as answer:
                    self._begin(answer.head)
                    await self._pump(answer)
        except Exception as error:  # noqa: BLE001 - a bug ends its own call and no other
            return self._failed(error)
        if self._life.cancelled_caught:
            return self._departure
        if self._patience.cancelled_caught:
            self.failure = self._phases.too_slow(self._commission.plan.base_url)
            return Cause.UPSTREAM_SILENT
        return None

    def _failed(self, error: Exception) -> Cause:
        if not isinstance(error, UpstreamError | ClientError):
            log.error("call %s: a fault of ours while %s", self.opening.id, self.phase, exc_info=error)
            error = OurError(f"{type(error).__name__}: {error}")
        self.failure = error
        return cause_of(error)

    def _plan(self) -> Plan:
        """The plan, handed over once: neither relay nor commission keeps what only the beginning needs."""
        plan = self._commission.plan
        self._commission = replace(self._commission, plan=replace(plan, body=None), durable=None)
        return self._phases.paced(plan)

    def _begin(self, head: Head) -> None:
        self.head = head
        self._meter = self._commission.meter_for(head)
        self.seating.begin(head, self._commission.filter_for(head))

    async def _pump(self, answer: Answer) -> None:
        meter = self._meter
        while chunk := await answer.receive():
            if self._ttfb_ms is None:
                self._ttfb_ms = (trio.current_time() - self._began) * 1000
            self.bytes_in += len(chunk)
            self.seating.push(chunk)  # before anything else is done with it
            meter.feed(chunk)  # a meter that fails in this, or at the end, ends the call: `internal_error`
            if self.seating.owes:
                await self.seating.hand_on()
            if self.detachment.on:
                if not self.detachment.goes_on(self._progress()):
                    self._cease()
            elif not self.seating.has_room:
                self._phases.enter(Phase.BLOCKED)
                await self.seating.room()
                self._phases.enter(Phase.STREAMING)
        if answer.head.framed:  # else the end of the connection is all there was: it proves nothing
            meter.end()
        self._phases.enter(Phase.ENDED)

    def _end(self, cause: Cause | None) -> None:
        """Tell the seats, then settle: synchronous, on every path, once."""
        self.closing = True
        reading, by_protocol = self.reading(), self._meter.by_protocol
        framed = self.head is None or self.head.framed
        outcome = outcome_of(self.phase, cause, reading, by_protocol=by_protocol, framed=framed)
        if cause is Cause.SHUTDOWN:
            self.failure = ShuttingDown("the proxy is shutting down")
        elif cause is None and not framed and by_protocol and not reading.ended:
            self.failure = UpstreamTruncated("the connection ended, and with it the stream, without its last event")
        # A departure is no failure of the call, but whoever still read the seat must not take it for the end.
        self.seating.end(self.failure or (UpstreamTruncated(f"the call was ended: {cause}") if cause else None))
        now = trio.current_time()
        self.detachment.end(now)
        receipt = CallReceipt(
            opening=replace(self.opening, policy=self.detachment.policy),
            ended_at=self.opening.started_at + (now - self._began),
            outcome=outcome,
            status=self.head.status if self.head else None,
            reading=reading,
            request_id=self.head.request_id if self.head else None,
            ttfb_ms=self._ttfb_ms,
            duration_ms=(now - self._began) * 1000,
            detached_ms=self.detachment.total_s * 1000,
            bytes_in=self.bytes_in,
            error=self._error(reading),
        )
        try:
            try:
                if self.head is not None and self.phase is Phase.ENDED and self.failure is None:
                    self._commission.finished(self.head, receipt)
            finally:
                self._commission.settle(receipt, self.phase, cause)
        except Exception:  # the wall of the house: whatever settling does, neighbours live
            log.critical("call %s could not be settled as %s", self.opening.id, outcome, exc_info=True)
        finally:
            self.seating.close()

    def _error(self, reading: Reading) -> str | None:
        if self.failure is not None:
            return f"{type(self.failure).__name__}: {self.failure}"
        return reading.error or self.detachment.bound
