"""Which row is about which request, and which about which call: told by the tasks that did both.

    visit ◀─ served in one task ─▶ exchange ── call_id ──▶ call ◀─ made in one task ─▶ upstream call

Where the tasks do not tell (a subject may settle in another one), order does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from trioproxy.lab.explore.books import Booked
from trioproxy.lab.explore.stage import Happened
from trioproxy.lab.explore.upstream import UpstreamCall
from trioproxy.lab.explore.visit import Visit
from trioproxy.model import CallReceipt, ExchangeReceipt, RawHeaders

# What says who is asking.
CREDENTIALS = frozenset((b"x-api-key", b"authorization"))

A = TypeVar("A")
B = TypeVar("B")


@dataclass(slots=True, eq=False)
class Carried:
    """An upstream call, its row, and the requests that it has served."""

    upstream: UpstreamCall
    booked: Booked[CallReceipt] | None
    users: list[Visit] = field(default_factory=list)

    @property
    def closed_at(self) -> float:
        """When its connection was closed."""
        closed_at = self.upstream.facts.closed_at
        return closed_at if closed_at is not None else math.inf


@dataclass(slots=True, eq=False)
class Served:
    """A request, its row, and the call that served it."""

    visit: Visit
    booked: Booked[ExchangeReceipt] | None
    call: Carried | None


def pair(happened: Happened) -> tuple[list[Served], list[Carried]]:
    """The requests and the calls of a run, with their rows."""
    books = happened.books
    calls = [
        Carried(upstream, booked)
        for upstream, booked in _pairs(happened.calls, books.calls, lambda call, row: call.by is row.by)
    ]
    by_id = {call.booked.receipt.opening.id: call for call in calls if call.booked is not None}
    served = []
    for visit, booked in _pairs(happened.visits, books.exchanges, lambda visit, row: visit.by is row.by):
        call = by_id.get(booked.receipt.call_id or "") if booked is not None else None
        served.append(Served(visit, booked, call))
        if call is not None:
            call.users.append(visit)
    return served, calls


def answers_to(served: Served, happened: Happened) -> list[UpstreamCall]:
    """The calls whose answer this request may be given.

    The one that its row names, or any if there is none; and never one that was made for another client who asked
    something else, or asked with another key. For whom a call was made is told by what it asked.
    """
    calls = [served.call.upstream] if served.call is not None else happened.calls
    clients, mine = happened.case.story.clients, _asked(served.visit.ask.headers, served.visit.ask.body)
    others = {asked for client in clients if (asked := _asked(client.ask.headers, client.ask.body)) != mine}
    if not others:
        return calls
    return [call for call in calls if _asked(call.facts.plan.headers, call.facts.plan.body) not in others]


def _asked(headers: RawHeaders, body: object) -> tuple[RawHeaders, object]:
    """What makes a request another one: who asks, and for what."""
    return tuple((name.lower(), value) for name, value in headers if name.lower() in CREDENTIALS), body


def _pairs(ones: Sequence[A], others: Sequence[B], belong: Callable[[A, B], bool]) -> list[tuple[A, B | None]]:
    """Each of `ones` with the first of `others` that belongs to it, else with the first that belongs to nobody."""
    rest = list(others)
    found: list[tuple[A, B | None]] = []
    for one in ones:
        mine = next((other for other in rest if belong(one, other)), None)
        found.append((one, mine))
        if mine is not None:
            rest.remove(mine)
    return [(one, mine if mine is not None or not rest else rest.pop(0)) for one, mine in found]
