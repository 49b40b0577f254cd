"""What a relay is asked to carry out, and whom it tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import trio

from trioproxy.model import CallOpening, CallReceipt, Head, Plan
from trioproxy.providers.base import Meter
from trioproxy.rules.disconnect import Terms
from trioproxy.rules.lifecycle import Cause, Phase
from trioproxy.sources.base import Filter, Source
from trioproxy.tape import Tape


@dataclass(frozen=True, slots=True)
class Commission:
    """One upstream call to be made.

    Args:
        limits_s: the longest each phase may take without progress.
        terms: how long the call outlives its last client.
        max_lag_bytes: how far a client may be behind others of the same answer.
        durable: set once the call's row is, for which the first byte waits (a while); None: there is no row.
        late: called if the first byte went without waiting any longer.
        settle: called once, synchronously, with the end of the call.
        fingerprint: of the request, by which others find the relay; None where nobody may share its answer.
        tape: keeps the answer for them.
        finished: called once, synchronously, before `settle`, if the answer came whole.
        entered: called with each phase that the call gets into, after the first one.
        filter_for: what to take out of an answer with this head.
    """

    opening: CallOpening
    plan: Plan
    source: Source
    limits_s: Mapping[Phase, float]
    terms: Terms
    max_lag_bytes: int
    meter_for: Callable[[Head], Meter]
    durable: trio.Event | None
    late: Callable[[], None]
    settle: Callable[[CallReceipt, Phase, Cause | None], None]
    fingerprint: bytes | None = None
    tape: Tape | None = None
    finished: Callable[[Head, CallReceipt], None] = lambda *_: None
    entered: Callable[[Phase], None] = lambda _: None
    filter_for: Callable[[Head], Filter | None] = lambda _: None
