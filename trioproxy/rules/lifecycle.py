"""How a call can end: every phase times every cause, and what each is booked as.

The table is the documentation: `docs/cancellation.md` and the tests are made
from it. A cause is found by structure (which scope caught the cancellation,
which exception left the block), never by a flag that whoever came first has set.

Two refinements that need the answer itself stand below the table: an answer
whose protocol has said its last word is complete whatever happens next, and one
that ends as framed without that word is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from trioproxy.errors import (
    ClientError,
    Draining,
    FellBehind,
    ShuttingDown,
    TrioProxyError,
    UpstreamConnectFailed,
    UpstreamError,
)
from trioproxy.model import CallOutcome as Call
from trioproxy.model import ExchangeOutcome as Delivery
from trioproxy.model import Reading


class Phase(StrEnum):
    """Where a call is, seen from its upstream."""

    CONNECTING = "connecting"
    SENDING = "sending the request"
    WAITING = "waiting for the head"
    STREAMING = "between chunks"
    BLOCKED = "blocked on a slow client"
    ENDED = "after the last chunk"


class Cause(StrEnum):
    """What ends a call, or its delivery, before its time."""

    CLIENT_LEFT = "client left"
    CLIENT_STALLED = "client refuses to read"
    CLIENT_FAULT = "client's request is unfit"
    UPSTREAM_REFUSED = "upstream refused"
    UPSTREAM_BROKE = "upstream broke off"
    UPSTREAM_GARBLED = "upstream garbled"
    UPSTREAM_SILENT = "upstream silent"
    SHUTDOWN = "shutdown"
    INTERNAL = "fault of ours"


# How each cause shows on the wire; each is tried over real sockets.
SIGNS: Mapping[Cause, tuple[str, ...]] = {
    Cause.CLIENT_LEFT: ("FIN", "RST", "half-close", "h2 RST_STREAM", "h2 GOAWAY", "h2 connection dropped"),
    Cause.CLIENT_STALLED: ("reads nothing for `server.stalled_client_timeout`", "h2 window never granted"),
    Cause.CLIENT_FAULT: ("no body bytes for `server.request_silence`", "a head that HTTP/1.1 cannot carry"),
    Cause.UPSTREAM_REFUSED: ("DNS", "connection refused", "TLS"),
    Cause.UPSTREAM_BROKE: ("FIN", "RST", "short content-length"),
    Cause.UPSTREAM_GARBLED: ("bad chunk size", "not HTTP"),
    Cause.UPSTREAM_SILENT: ("nothing for the phase's limit in `[timeouts]`",),
    Cause.SHUTDOWN: ("SIGTERM or SIGINT, and `server.graceful_timeout` is over", "a second signal"),
    Cause.INTERNAL: ("an exception of ours",),
}


class Seen(StrEnum):
    """What the client sees of it."""

    NOTHING = "nothing: it is gone"
    CLOSED = "its connection closed (h1), its stream reset (h2)"
    TRUNCATION = "h1: closed without the last chunk; h2: RST_STREAM"
    CONNECT_FAILED = "502 upstream_connect_failed"
    UPSTREAM_CLOSED = "502 upstream_closed"
    UPSTREAM_TIMEOUT = "504 upstream_timeout"
    REJECTED = "408 request_timeout or 400 bad_request"
    UNAVAILABLE = "503 draining"
    INTERNAL = "500 internal_error"


@dataclass(frozen=True, slots=True)
class Ending:
    """One cell: the two facts that are booked, and what the client sees."""

    call: Call
    delivery: Delivery
    seen: Seen


@dataclass(frozen=True, slots=True)
class Never:
    """A cell that cannot occur, and why."""

    why: str


BEFORE_HEAD = (Phase.CONNECTING, Phase.SENDING, Phase.WAITING)
AFTER_HEAD = (Phase.STREAMING, Phase.BLOCKED)

_left = Ending(Call.ABANDONED, Delivery.CLIENT_LEFT, Seen.NOTHING)
_stalled = Ending(Call.ABANDONED, Delivery.CLIENT_STALLED, Seen.CLOSED)
_broken_early = Ending(Call.TRUNCATED, Delivery.UPSTREAM_FAILED, Seen.UPSTREAM_CLOSED)
_broken = Ending(Call.TRUNCATED, Delivery.UPSTREAM_FAILED, Seen.TRUNCATION)
_no_connection = Ending(Call.CONNECT_FAILED, Delivery.UPSTREAM_FAILED, Seen.CONNECT_FAILED)
_silent_early = Ending(Call.TIMEOUT, Delivery.UPSTREAM_FAILED, Seen.UPSTREAM_TIMEOUT)
_silent = Ending(Call.TIMEOUT, Delivery.UPSTREAM_FAILED, Seen.TRUNCATION)
_stopped_early = Ending(Call.SHUTDOWN, Delivery.SHUTDOWN, Seen.UNAVAILABLE)
_stopped = Ending(Call.SHUTDOWN, Delivery.SHUTDOWN, Seen.TRUNCATION)
_fault_early = Ending(Call.INTERNAL_ERROR, Delivery.UPSTREAM_FAILED, Seen.INTERNAL)
_fault = Ending(Call.INTERNAL_ERROR, Delivery.UPSTREAM_FAILED, Seen.TRUNCATION)
_connected = Never("the connection stands already")
_nothing_sent = Never("nothing is being sent to the client yet")
_body_here = Never("its body has been taken already")
_upstream_done = Never("the upstream has ended already")

TABLE: Mapping[tuple[Phase, Cause], Ending | Never] = {
    **{(phase, Cause.CLIENT_LEFT): _left for phase in (*BEFORE_HEAD, *AFTER_HEAD)},
    (Phase.ENDED, Cause.CLIENT_LEFT): Ending(Call.COMPLETED, Delivery.CLIENT_LEFT, Seen.NOTHING),
    **{(phase, Cause.CLIENT_STALLED): _nothing_sent for phase in BEFORE_HEAD},
    **{(phase, Cause.CLIENT_STALLED): _stalled for phase in AFTER_HEAD},
    (Phase.ENDED, Cause.CLIENT_STALLED): Ending(Call.COMPLETED, Delivery.CLIENT_STALLED, Seen.CLOSED),
    **{(phase, Cause.CLIENT_FAULT): _body_here for phase in Phase},
    (Phase.CONNECTING, Cause.CLIENT_FAULT): Never("the body is asked for after connecting"),
    (Phase.SENDING, Cause.CLIENT_FAULT): Ending(Call.ABANDONED, Delivery.REJECTED, Seen.REJECTED),
    **{(phase, Cause.UPSTREAM_REFUSED): _connected for phase in Phase},
    (Phase.CONNECTING, Cause.UPSTREAM_REFUSED): _no_connection,
    (Phase.CONNECTING, Cause.UPSTREAM_BROKE): _no_connection,
    (Phase.CONNECTING, Cause.UPSTREAM_GARBLED): _no_connection,
    (Phase.CONNECTING, Cause.UPSTREAM_SILENT): _no_connection,
    **{(phase, Cause.UPSTREAM_BROKE): _broken_early for phase in (Phase.SENDING, Phase.WAITING)},
    **{(phase, Cause.UPSTREAM_BROKE): _broken for phase in AFTER_HEAD},
    (Phase.ENDED, Cause.UPSTREAM_BROKE): _upstream_done,
    **{(phase, Cause.UPSTREAM_GARBLED): _broken_early for phase in (Phase.SENDING, Phase.WAITING)},
    **{(phase, Cause.UPSTREAM_GARBLED): _broken for phase in AFTER_HEAD},
    (Phase.ENDED, Cause.UPSTREAM_GARBLED): _upstream_done,
    **{(phase, Cause.UPSTREAM_SILENT): _silent_early for phase in (Phase.SENDING, Phase.WAITING)},
    (Phase.STREAMING, Cause.UPSTREAM_SILENT): _silent,
    (Phase.BLOCKED, Cause.UPSTREAM_SILENT): Never("nothing is being read, so no silence is measured"),
    (Phase.ENDED, Cause.UPSTREAM_SILENT): _upstream_done,
    **{(phase, Cause.SHUTDOWN): _stopped_early for phase in BEFORE_HEAD},
    **{(phase, Cause.SHUTDOWN): _stopped for phase in AFTER_HEAD},
    (Phase.ENDED, Cause.SHUTDOWN): Ending(Call.COMPLETED, Delivery.SHUTDOWN, Seen.TRUNCATION),
    **{(phase, Cause.INTERNAL): _fault_early for phase in BEFORE_HEAD},
    **{(phase, Cause.INTERNAL): _fault for phase in AFTER_HEAD},
    (Phase.ENDED, Cause.INTERNAL): Ending(Call.COMPLETED, Delivery.UPSTREAM_FAILED, Seen.TRUNCATION),
}


# What an error makes of the delivery that it answers or truncates: the first kind that fits.
_FAILED: tuple[tuple[type[TrioProxyError], Delivery], ...] = (
    (ShuttingDown, Delivery.SHUTDOWN),
    (Draining, Delivery.REJECTED),
    (FellBehind, Delivery.CLIENT_STALLED),
    (ClientError, Delivery.REJECTED),
    (TrioProxyError, Delivery.UPSTREAM_FAILED),
)


def ending(phase: Phase, cause: Cause) -> Ending:
    """The cell for `phase` and `cause`.

    Settling must not fail, so a cell that says "never" is answered, should it occur all
    the same, by the next later phase (else the next earlier one) in which the cause can.
    """
    order = list(Phase)
    at = order.index(phase)
    for candidate in (*order[at:], *reversed(order[:at])):
        cell = TABLE[candidate, cause]
        if isinstance(cell, Ending):
            return cell
    raise AssertionError(f"no phase has an ending for {cause}")  # pragma: no cover - the test walks the table


def broken_call(phase: Phase, cause: Cause, reading: Reading) -> Call:
    """The outcome of a call that was ended by `cause`.

    Example: a client that hangs up right after `message_stop` leaves a `completed` call.
    """
    return _last_word(reading) or ending(phase, cause).call


def finished_call(reading: Reading, *, by_protocol: bool, framed: bool) -> Call:
    """The outcome of a call whose body ended as the upstream framed it.

    Args:
        by_protocol: a 2xx event stream on a generation route, judged by its last event.
        framed: False where only the end of the connection delimits the body; then, too,
            nothing but the protocol can tell that it is whole.
    """
    if by_protocol or not framed:
        return _last_word(reading) or Call.TRUNCATED
    return Call.COMPLETED


def outcome_of(phase: Phase, cause: Cause | None, reading: Reading, *, by_protocol: bool, framed: bool) -> Call:
    """The outcome of a call: `cause` is what ended it before its time, None if nothing did."""
    if cause is None or phase is Phase.ENDED:
        return finished_call(reading, by_protocol=by_protocol, framed=framed)
    return broken_call(phase, cause, reading)


def cause_of(error: TrioProxyError) -> Cause:
    """The cause that an error of a source, or of a client's body, is."""
    if isinstance(error, UpstreamConnectFailed):
        return Cause.UPSTREAM_REFUSED
    if isinstance(error, UpstreamError):
        return Cause.UPSTREAM_GARBLED if error.garbled else Cause.UPSTREAM_BROKE
    return Cause.CLIENT_FAULT if isinstance(error, ClientError) else Cause.INTERNAL


def delivery(phase: Phase, cause: Cause, *, last_word_sent: bool) -> Delivery:
    """The outcome of a delivery that was ended by `cause`.

    `last_word_sent`: the protocol's last event had been handed to the client's
    connection; what came after it was framing, so the client has everything.
    """
    return Delivery.DELIVERED if last_word_sent else ending(phase, cause).delivery


def failed_delivery(failure: TrioProxyError) -> Delivery:
    """The outcome of a delivery whose end was `failure`, as an answer of ours or as a truncation."""
    return next(outcome for kind, outcome in _FAILED if isinstance(failure, kind))


def _last_word(reading: Reading) -> Call | None:
    if reading.error is not None:
        return Call.UPSTREAM_ERROR
    return Call.COMPLETED if reading.ended else None
