"""One upstream call: open the source, pump its chunks, settle.

    House ── nursery ──▶ Relay.run ◀── Source
                            │ memory channel
                            ▼
                          Seat ──▶ the response generator

Who may cancel what: a seat that is left cancels its relay's `_life`; a phase that
takes too long is ended by `_patience`; the house cancels everything at its deadline.
Which of the three it was is read from the scope that caught it (ADR 0005). Nothing
of a client ever reaches the house, and no relay ever raises into it: one error
there would end everybody's streams.

`Relay.run` is settled in one place, once, synchronously, on every path.
"""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace

import trio

from trioproxy.errors import (
    ClientError,
    OurError,
    ShuttingDown,
    TrioProxyError,
    UpstreamConnectFailed,
    UpstreamError,
    UpstreamTimeout,
    UpstreamTruncated,
)
from trioproxy.model import CallOpening, CallReceipt, Head, Plan, Reading
from trioproxy.providers.base import Meter
from trioproxy.providers.meters import Silent
from trioproxy.rules.lifecycle import Cause, Phase, broken_call, finished_call
from trioproxy.seat import Seat
from trioproxy.sources.base import Answer, Source

log = logging.getLogger("trioproxy")

COMMIT_PATIENCE_S = 0.25
LATE_S = 0.2  # how late, at most, a phase's limit takes effect


@dataclass(frozen=True, slots=True)
class Commission:
    """What a relay is asked to carry out, and whom it tells."""

    opening: CallOpening
    plan: Plan
    source: Source
    limits_s: Mapping[Phase, float]
    meter_for: Callable[[Head], Meter]
    # Set once the call's row is durable, for which the first byte waits (a while); None: there is no row.
    durable: trio.Event | None
    late: Callable[[], None]
    # Called once, synchronously, with the end of the call.
    settle: Callable[[CallReceipt, Phase, Cause | None], None]


class Relay:
    """One upstream call."""

    def __init__(self, commission: Commission) -> None:
        self.opening = commission.opening
        self._commission = commission
        self._life = trio.CancelScope()
        self._patience = trio.CancelScope()
        self._began = trio.current_time()
        self._ttfb_ms: float | None = None
        self._departure = Cause.CLIENT_LEFT
        self._meter: Meter = Silent()
        self._seat = Seat(self._left)
        self.phase = Phase.CONNECTING
        self.head: Head | None = None
        self.failure: TrioProxyError | None = None
        self.bytes_in = 0

    def sit(self) -> Seat:
        """The client's place at this relay."""
        return self._seat

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

    def wait_for_client(self) -> None:
        """The client is what is waited for: the upstream's clock stands still."""
        self._patience.deadline = math.inf

    def _left(self, cause: Cause) -> None:
        """The last seat has been left: end the call, unless it has ended."""
        self._departure = cause
        self._life.cancel(reason=cause)

    # What a source asks of the relay (sources/base.py, Progress).

    def enter(self, phase: Phase) -> None:
        """The call is in `phase` now, and its limit counts from now."""
        deadline = trio.current_time() + self._commission.limits_s.get(phase, math.inf)
        # Moving a deadline is dear, so it is not done for every chunk: it is set a little late instead.
        if phase is not self.phase or not deadline <= self._patience.deadline <= deadline + LATE_S:
            self.phase = phase
            self._patience.deadline = deadline + LATE_S

    async def permission(self) -> None:
        """Wait for the call's row to be durable, but not for ever: serving goes on without a ledger."""
        durable = self._commission.durable
        if durable is None or durable.is_set():
            return
        with trio.move_on_after(COMMIT_PATIENCE_S) as patience:
            await durable.wait()
        if patience.cancelled_caught:
            self._commission.late()

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
                async with self._commission.source.open(self._plan(), self) as answer:
                    self._begin(answer.head)
                    await self._pump(answer)
        except UpstreamConnectFailed as error:
            self.failure = error
            return Cause.UPSTREAM_REFUSED
        except UpstreamError as error:
            self.failure = error
            return Cause.UPSTREAM_GARBLED if error.garbled else Cause.UPSTREAM_BROKE
        except ClientError as error:
            self.failure = error
            return Cause.CLIENT_FAULT
        except Exception as error:  # a bug ends its own call and no other
            log.exception("call %s: a fault of ours while %s", self.opening.id, self.phase)
            self.failure = OurError(f"{type(error).__name__}: {error}")
            return Cause.INTERNAL
        if self._life.cancelled_caught:
            return self._departure
        if self._patience.cancelled_caught:
            self.failure = self._too_slow()
            return Cause.UPSTREAM_SILENT
        return None

    def _plan(self) -> Plan:
        """The plan, handed over once: neither relay nor commission keeps the request's body."""
        plan, body = self._commission.plan, self._commission.plan.body
        self._commission = replace(self._commission, plan=replace(plan, body=None))
        return plan if body is None or isinstance(body, bytes) else replace(plan, body=_ClientPaced(self, aiter(body)))

    def _begin(self, head: Head) -> None:
        self.head = head
        self._meter = self._commission.meter_for(head)
        self._seat.begin(head)

    async def _pump(self, answer: Answer) -> None:
        meter, seat = self._meter, self._seat
        while chunk := await answer.receive():
            if self._ttfb_ms is None:
                self._ttfb_ms = (trio.current_time() - self._began) * 1000
            self.bytes_in += len(chunk)
            has_room = seat.push(chunk)  # the delivery is woken first
            meter.feed(chunk)  # a meter that fails in this, or at the end, ends the call: `internal_error`
            if not has_room:
                self.enter(Phase.BLOCKED)
                await seat.room()
                self.enter(Phase.STREAMING)
        if answer.head.framed:  # else the end of the connection is all there was: it proves nothing
            meter.end()
        self.enter(Phase.ENDED)

    def _end(self, cause: Cause | None) -> None:
        """Tell the seat, then settle: synchronous, on every path, once."""
        reading = self.reading()
        framed = self.head is None or self.head.framed
        if cause is None or self.phase is Phase.ENDED:
            outcome = finished_call(reading, by_protocol=self._meter.by_protocol, framed=framed)
        else:
            outcome = broken_call(self.phase, cause, reading)
        if cause is Cause.SHUTDOWN:
            self.failure = ShuttingDown("the proxy is shutting down")
        elif cause is None and not framed and self._meter.by_protocol and not reading.ended:
            self.failure = UpstreamTruncated("the connection ended, and with it the stream, without its last event")
        # A departure is no failure of the call, but whoever still read the seat must not take it for the end.
        self._seat.end(self.failure or (UpstreamTruncated(f"the call was ended: {cause}") if cause else None))
        now = trio.current_time()
        receipt = CallReceipt(
            opening=self.opening,
            ended_at=self.opening.started_at + (now - self._began),
            outcome=outcome,
            status=self.head.status if self.head else None,
            reading=reading,
            request_id=self.head.request_id if self.head else None,
            ttfb_ms=self._ttfb_ms,
            duration_ms=(now - self._began) * 1000,
            detached_ms=0.0,
            bytes_in=self.bytes_in,
            error=f"{type(self.failure).__name__}: {self.failure}" if self.failure is not None else reading.error,
        )
        try:
            self._commission.settle(receipt, self.phase, cause)
        except Exception:  # the wall of the house: whatever settling does, neighbours live
            log.critical("call %s could not be settled as %s", self.opening.id, outcome, exc_info=True)

    def _too_slow(self) -> UpstreamError:
        limit_s = self._commission.limits_s.get(self.phase, math.inf)
        if self.phase is Phase.CONNECTING:
            return UpstreamConnectFailed(f"connecting to {self._commission.plan.base_url} took over {limit_s:g} s")
        return UpstreamTimeout(f"the upstream was silent for {limit_s:g} s while {self.phase}")


class _ClientPaced:
    """The client's body on its way upstream, with the upstream's clock standing still for the client."""

    def __init__(self, relay: Relay, pieces: AsyncIterator[bytes]) -> None:
        self._relay = relay
        self._pieces = pieces

    def __aiter__(self) -> _ClientPaced:
        return self

    async def __anext__(self) -> bytes:
        self._relay.wait_for_client()
        try:
            return await anext(self._pieces)
        finally:  # at the body's end as well: its last bytes, too, have to be taken in time
            self._relay.enter(Phase.SENDING)
