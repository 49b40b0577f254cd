"""What can happen at any step: to a client, the upstream, the server, or the ledger."""

from __future__ import annotations

import math
from collections.abc import Mapping

from trioproxy.lab.explore.books import Outage
from trioproxy.lab.explore.case import Fault
from trioproxy.lab.explore.stage import Stage
from trioproxy.lab.explore.upstream import Break
from trioproxy.rules.lifecycle import Cause


def _leaves(stage: Stage, client: int = 0) -> None:
    if (visit := stage.visit_of(client)) is not None:
        visit.leave()


def _all_leave(stage: Stage) -> None:
    for client in range(len(stage.case.story.clients)):
        _leaves(stage, client)


def _stops_reading(stage: Stage) -> None:
    if (visit := stage.visit_of(0)) is not None:
        visit.stop_reading()


def _is_given_up(stage: Stage) -> None:
    if (visit := stage.visit_of(0)) is not None:
        visit.give_up()


def _stops(stage: Stage) -> None:
    stage.close(0.0)
    for visit in stage.visits:
        visit.cut()


_LEFT = frozenset((Cause.CLIENT_LEFT,))
_STALLED = frozenset((Cause.CLIENT_LEFT, Cause.CLIENT_STALLED))
_BROKE = frozenset((Cause.UPSTREAM_REFUSED, Cause.UPSTREAM_BROKE))
_STOPPED = frozenset((Cause.SHUTDOWN,))
_OURS = frozenset((Cause.INTERNAL,))

FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("leave", "the client leaves", _LEFT, _leaves),
        Fault("other-leaves", "the second client leaves", _LEFT, lambda stage: _leaves(stage, 1), clients=2),
        Fault("all-leave", "all clients leave", _LEFT, _all_leave, clients=2),
        Fault("stall", "the client stops reading", _STALLED, _stops_reading),
        Fault("given-up", "the server gives up a client that has not read", _STALLED, _is_given_up),
        Fault("break", "the upstream resets", _BROKE, lambda stage: stage.upstream.breaks(Break.RESET)),
        Fault(
            "garble",
            "the upstream sends what is no HTTP",
            frozenset((Cause.UPSTREAM_REFUSED, Cause.UPSTREAM_GARBLED)),
            lambda stage: stage.upstream.breaks(Break.GARBLED),
        ),
        Fault(
            "silence",
            "the upstream falls silent",
            frozenset((Cause.UPSTREAM_REFUSED, Cause.UPSTREAM_SILENT)),
            lambda stage: stage.upstream.breaks(Break.SILENT),
        ),
        Fault("drain", "the server takes no new requests", _STOPPED, lambda stage: stage.close(math.inf)),
        Fault("close", "the server's grace is over", _STOPPED, lambda stage: stage.close(0.0)),
        Fault("stop", "the server stops at once, and cancels its requests", _STOPPED, _stops),
        Fault(
            "no-rows",
            "the ledger takes no row any more",
            _OURS,
            lambda stage: stage.books.out_of_order.add(Outage.OPENING),
            ours=True,
        ),
        Fault(
            "no-settling",
            "the ledger settles no row any more",
            _OURS,
            lambda stage: stage.books.out_of_order.add(Outage.SETTLING),
            ours=True,
        ),
        Fault(
            "no-commits",
            "the ledger's rows are not durable any more",
            frozenset(),
            lambda stage: stage.books.out_of_order.add(Outage.COMMITTING),
        ),
    )
}


def fitting(clients: int) -> list[Fault]:
    """The faults that mean something to a story with so many clients."""
    return [fault for fault in FAULTS.values() if fault.clients <= clients]
