"""Which endings are right, given what happened: derived from `rules/lifecycle.py` and from what was seen outside.

    upstream call: its end was handed over     ─▶ as for "after the last chunk", no cause
                   it raised an error          ─▶ the phase it was in, the error's cause
                   it was closed before either ─▶ the phase it was in, each cause that was there at that moment
    delivery:      what the client got, and each cause that was there before its request was over

A cause is "there" only if something happened that can be one: nobody is said to have left who is still waiting.
"""

from __future__ import annotations

import math
from functools import lru_cache

from trioproxy.errors import ClientError, TrioProxyError, UpstreamError
from trioproxy.lab.explore.pairing import Carried, Served
from trioproxy.lab.explore.stage import Happened
from trioproxy.lab.explore.upstream import Break
from trioproxy.lab.explore.visit import OWN, Visit
from trioproxy.lab.script import Garble, Silence, Unreachable
from trioproxy.model import CallOpening, Dialect, Head, Policy, Reading
from trioproxy.model import CallOutcome as Call
from trioproxy.model import ExchangeOutcome as Delivery
from trioproxy.providers import SPEAKERS
from trioproxy.rules.lifecycle import Cause, Phase, cause_of, outcome_of
from trioproxy.wire import headers


def right_calls(happened: Happened, call: Carried, opening: CallOpening) -> set[Call]:
    """How this call may have ended."""
    upstream, (reading, by_protocol) = call.upstream, _read(call, opening)
    framed = upstream.head is None or upstream.head.framed
    if upstream.ended:
        return {outcome_of(Phase.ENDED, None, reading, by_protocol=by_protocol, framed=framed)}
    phase = phase_of(call)
    causes = {_cause_of(upstream.error)} if upstream.error is not None else _why_closed(happened, call, phase)
    return {outcome_of(phase, cause, reading, by_protocol=by_protocol, framed=framed) for cause in causes}


def phase_of(call: Carried) -> Phase:
    """Where the call was last, as its upstream knows it."""
    phases = call.upstream.facts.phases
    return phases[-1] if phases else Phase.CONNECTING


def _cause_of(error: Exception) -> Cause:
    return cause_of(error) if isinstance(error, UpstreamError | ClientError) else Cause.INTERNAL


def _why_closed(happened: Happened, call: Carried, phase: Phase) -> set[Cause]:
    causes = set()
    if call.closed_at >= happened.ends_at:
        causes.add(Cause.SHUTDOWN)
    if _last_one_left(call) and not _waiting(call):
        causes.add(Cause.CLIENT_LEFT)
    if _was_silent(happened, call, phase):
        causes.add(Cause.UPSTREAM_SILENT)
    return causes


def left(visit: Visit) -> float:
    """When the client was gone before its answer was complete; never: infinity."""
    return min(_by_itself(visit), visit.cut_at if visit.cut_at is not None else math.inf)


def _by_itself(visit: Visit) -> float:
    return min(at for at in (visit.left_at, visit.stalled_at, math.inf) if at is not None)


def _last_one_left(call: Carried) -> bool:
    """Whether the last client went by itself, before the call was closed: the server had not cut it off by then."""
    gone = [_by_itself(visit) for visit in call.users if _by_itself(visit) <= call.closed_at]
    cut = [visit.cut_at for visit in call.users if visit.cut_at is not None and visit.cut_at < _by_itself(visit)]
    return bool(gone) and max(gone) >= max(cut, default=-math.inf)


def _waiting(call: Carried) -> bool:
    """Whether a client was there when the call was closed: nobody may have ended it for want of one."""
    return any(
        (visit.asked_at or 0.0) < call.closed_at < left(visit) and (visit.over_at or math.inf) >= call.closed_at
        for visit in call.users
    )


def _was_silent(happened: Happened, call: Carried, phase: Phase) -> bool:
    limit_s = happened.case.conditions.limits_s.get(phase, math.inf)
    script = happened.case.story.script(call.upstream.script_number)
    may_be = happened.upstream.how is Break.SILENT or isinstance(script.ending, Silence | Garble | Unreachable)
    return may_be and call.closed_at - call.upstream.facts.opened_at >= limit_s


def _read(call: Carried, opening: CallOpening) -> tuple[Reading, bool]:
    """What a meter of our own reads of what was handed over, and whether the protocol says where that ends."""
    head = call.upstream.head
    if head is None:
        return Reading(), False
    return _metered(
        opening.dialect, opening.method, opening.path, head, call.upstream.body, call.upstream.ended and head.framed
    )


@lru_cache(maxsize=256)
def _metered(dialect: Dialect, method: str, path: str, head: Head, body: bytes, whole: bool) -> tuple[Reading, bool]:
    """The same for the same bytes, of which there are few in many runs."""
    speaker = SPEAKERS[dialect]
    meter = speaker.meter(speaker.recognise(method, path), head)
    meter.feed(body)
    if whole:
        meter.end()
    return meter.reading(), meter.by_protocol


def right_deliveries(happened: Happened, served: Served) -> set[Delivery]:
    """How the delivery of this request may have ended."""
    visit = served.visit
    if visit.finished:
        right = _own_answers(happened, visit) if visit.own_answer else {Delivery.DELIVERED}
        return right | ({Delivery.SHUTDOWN} if visit.cut_at is not None else set())
    right = set()
    # A departure during the last send cannot be told from the end of it: Hypercorn says "disconnect" either way.
    if visit.ended or _last_word_came(served):
        right.add(Delivery.DELIVERED)
    over_at = visit.over_at if visit.over_at is not None else math.inf
    if visit.left_at is not None:
        right.add(Delivery.CLIENT_LEFT)
    if visit.stalled_at is not None:
        right |= {Delivery.CLIENT_STALLED, Delivery.CLIENT_LEFT}
    if visit.cut_at is not None or happened.ends_at <= over_at:
        right.add(Delivery.SHUTDOWN)
    if happened.closed_at <= over_at or _unfit(happened, visit):
        right.add(Delivery.REJECTED)
    if _upstream_failed(happened, served, over_at) or _ours_failed(happened):
        right.add(Delivery.UPSTREAM_FAILED)
    return right


def _own_answers(happened: Happened, visit: Visit) -> set[Delivery]:
    """What an answer of the proxy itself is booked as, by its code."""
    code = headers.get(visit.headers, OWN) or b""
    if code == b"draining":
        return {Delivery.REJECTED, Delivery.SHUTDOWN} if happened.closed_at < math.inf else set()
    if code in _CLIENT_CODES:
        return {Delivery.REJECTED}
    if code == b"internal_error" and not _ours_failed(happened):
        return set()
    return {Delivery.UPSTREAM_FAILED}


def _codes(kind: type[TrioProxyError]) -> set[bytes]:
    return {kind.code.encode()}.union(*(_codes(each) for each in kind.__subclasses__()))


_CLIENT_CODES = frozenset(_codes(ClientError))


def _last_word_came(served: Served) -> bool:
    call, booked = served.call, served.booked
    if call is None or booked is None or call.booked is None:
        return False
    reading, _ = _read(call, call.booked.receipt.opening)
    handed = booked.receipt.bytes_out >= sum(map(len, call.upstream.taken))
    return reading.ended and handed


def _unfit(happened: Happened, visit: Visit) -> bool:
    declared = headers.get(visit.ask.headers, b"content-length") or b"0"
    return max(int(declared), len(visit.ask.body)) > happened.case.conditions.max_request_bytes


def _upstream_failed(happened: Happened, served: Served, over_at: float) -> bool:
    call = served.call
    if call is None or call.closed_at > over_at:
        return False
    return isinstance(call.upstream.error, UpstreamError) or _was_silent(happened, call, phase_of(call))


def _ours_failed(happened: Happened) -> bool:
    return any(strike.fault.ours for strike in happened.case.strikes[: len(happened.struck)])


def outlives_s(happened: Happened) -> float:
    """The longest that a call may outlive its last client, in seconds."""
    disconnect = happened.case.conditions.disconnect
    longest = {Policy.ABORT: 0.0, Policy.LINGER: disconnect.linger, Policy.DRAIN: disconnect.drain_limit}
    return longest[disconnect.policy]
