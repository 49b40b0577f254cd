"""What happened when, in swim lanes: the events of one run, written down by those who stand around it.

visit ─────▶ client lane      upstream ─▶ upstream and pump lanes
subject ───▶ seat, pump       books ────▶ settle lane
"""

from __future__ import annotations

from collections.abc import Iterable

import trio

from trioproxy.lab.explore.upstream import UpstreamCall
from trioproxy.lab.explore.visit import Visit
from trioproxy.model import CallReceipt, ExchangeReceipt
from trioproxy.store.base import Opening
from trioproxy.trace.records import Event, Lane, What

# What a visit and an upstream call say happened to them, in the words of the schema; None: it is not shown.
_CLIENT = {
    "request": What.REQUEST,
    "sent": None,
    "head": What.HEAD,
    "bytes": What.BYTES,
    "left": What.LEFT,
    "stalled": What.STALLED,
    "end": What.END,
    "truncated": What.TRUNCATED,
    "over": None,
}
_UPSTREAM = {
    "asked": What.ASKED,
    "head": What.HEAD,
    "bytes": What.BYTES,
    "end": What.END,
    "broke": What.BROKE,
    "closed": What.CLOSED,
}


class Timeline:
    """The events of one run, in the order in which they happened."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.events: list[Event] = []

    def tell(self, lane: Lane, what: What, note: str = "", *, size_bytes: int = 0, who: int = 0) -> None:
        """Note what happens now."""
        now_s = trio.current_time()
        event = Event(run=self.run, at_s=now_s, lane=lane, what=what, size_bytes=size_bytes, note=note, who=who)
        self.events.append(event)

    def visit(self, visit: Visit, what: str, number: int) -> None:
        """Something happened to a client's request."""
        if (said := _CLIENT[what]) is None:
            return
        size_bytes = number if said is What.BYTES else 0
        note = {What.HEAD: str(number), What.REQUEST: f"{visit.ask.method} {visit.ask.path}"}.get(said, "")
        self.tell(Lane.CLIENT, said, note, size_bytes=size_bytes, who=visit.client)

    def upstream(self, call: UpstreamCall, what: str, number: int) -> None:
        """Something happened to an upstream call."""
        said = _UPSTREAM[what]
        size_bytes = number if said is What.BYTES else 0
        note = {What.HEAD: str(number), What.BROKE: f"{type(call.error).__name__}: {call.error}"}.get(said, "")
        self.tell(Lane.UPSTREAM, said, note, size_bytes=size_bytes, who=call.script_number - 1)

    def row(self, row: Opening | CallReceipt | ExchangeReceipt) -> None:
        """A row was booked; openings are not shown."""
        match row:
            case CallReceipt():
                self.tell(Lane.SETTLE, What.CALL, row.outcome)
            case ExchangeReceipt():
                self.tell(Lane.SETTLE, What.EXCHANGE, row.outcome)

    def fault(self, lane: Lane, words: str, place: str) -> None:
        """The lab did something, to whoever has that lane."""
        self.tell(lane, What.FAULT, f"{words} (before {place})")

    def broken(self, breaches: Iterable[tuple[str, str]]) -> None:
        """Which invariants were broken, and how; judged when all was over, so it is told at the end."""
        at_s = self.events[-1].at_s if self.events else 0.0
        for invariant, words in breaches:
            note = f"{invariant}: {words}"
            self.events.append(Event(run=self.run, at_s=at_s, lane=Lane.SETTLE, what=What.BROKEN, note=note))
