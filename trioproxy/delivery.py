"""What has been handed to one client, by whom it was served, and how that ended."""

from __future__ import annotations

from dataclasses import dataclass

import trio

from trioproxy.errors import ShuttingDown, TrioProxyError
from trioproxy.model import ExchangeOpening, ExchangeOutcome, ExchangeReceipt, ServedBy
from trioproxy.relay import Relay
from trioproxy.rules.lifecycle import Cause, Phase, delivery, failed_delivery
from trioproxy.store.recordings import Recording


@dataclass(slots=True)
class Served:
    """What serves a client: a relay, alone or with others, or a recording; or, so far, nothing."""

    relay: Relay | None = None
    joined: bool = False
    recording: Recording | None = None

    @property
    def call_id(self) -> str | None:
        """The call whose answer it is."""
        if self.recording is not None:
            return self.recording.call_id
        return self.relay.opening.id if self.relay is not None else None

    @property
    def phase(self) -> Phase:
        """Where its call is."""
        if self.relay is not None:
            return self.relay.phase
        return Phase.ENDED if self.recording is not None else Phase.CONNECTING

    def served_by(self, failure: TrioProxyError | None) -> ServedBy:
        """Who answered; `failure` without a head is answered by the proxy itself."""
        if self.recording is not None:
            return ServedBy.REPLAYED
        if self.relay is None or (failure is not None and self.relay.head is None):
            return ServedBy.PROXY
        return ServedBy.JOINED if self.joined else ServedBy.CALL

    def last_word_sent(self, bytes_out: int) -> bool:
        """All that matters was in the first `bytes_out`: what is missing, if anything, is framing."""
        if self.recording is not None:
            return bytes_out >= len(self.recording.body)
        return self.relay is not None and self.relay.reading().ended and bytes_out >= self.relay.seating.bytes_passed


class Delivery:
    """One client's answer on its way out."""

    __slots__ = ("_came", "_first_byte", "bytes_out", "failure", "status")

    def __init__(self) -> None:
        self._came = trio.current_time()
        self._first_byte: float | None = None
        self.status: int | None = None
        self.bytes_out = 0
        self.failure: TrioProxyError | None = None

    def handed(self, piece: bytes) -> None:
        """The client's connection has taken `piece`."""
        if self._first_byte is None:
            self._first_byte = trio.current_time()
        self.bytes_out += len(piece)

    def receipt(self, opening: ExchangeOpening, service: Served, cause: Cause | None) -> ExchangeReceipt:
        """What is booked; `cause` is what ended the delivery before its time, None if nothing did."""
        duration_s = trio.current_time() - self._came
        failure = self.failure
        return ExchangeReceipt(
            opening=opening,
            ended_at=opening.started_at + duration_s,
            served_by=service.served_by(failure),
            call_id=service.call_id,
            outcome=self._outcome(service, cause),
            status=self.status,
            ttfb_ms=(self._first_byte - self._came) * 1000 if self._first_byte is not None else None,
            duration_ms=duration_s * 1000,
            bytes_out=self.bytes_out,
            error=f"{type(failure).__name__}: {failure}" if failure is not None else None,
        )

    def _outcome(self, service: Served, cause: Cause | None) -> ExchangeOutcome:
        relay = service.relay
        last_word_sent = service.last_word_sent(self.bytes_out)
        if cause is Cause.CLIENT_STALLED and relay is not None and isinstance(relay.failure, ShuttingDown):
            cause = Cause.SHUTDOWN  # once the server stops, whoever does not read is given up early
        if cause is not None:
            return delivery(service.phase, cause, last_word_sent=last_word_sent)
        if self.failure is None or last_word_sent:
            return ExchangeOutcome.DELIVERED
        return failed_delivery(self.failure)
