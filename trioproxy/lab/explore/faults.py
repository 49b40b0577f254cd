"""What can happen at any step: to a client, the upstream, the server, or the ledger."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from trioproxy.lab.explore.books import Outage
from trioproxy.lab.explore.case import Fault
from trioproxy.lab.explore.stage import Stage
from trioproxy.lab.explore.upstream import Break
from trioproxy.trace.records import Lane

Act = Callable[[Stage], None]


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


def _breaks(how: Break) -> Act:
    return lambda stage: stage.upstream.breaks(how)


def _closes(grace_s: float) -> Act:
    return lambda stage: stage.close(grace_s)


def _fails(outage: Outage) -> Act:
    return lambda stage: stage.books.out_of_order.add(outage)


def _stops(stage: Stage) -> None:
    stage.close(0.0)
    for visit in stage.visits:
        visit.cut()


FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("leave", "the client leaves", _leaves),
        Fault("other-leaves", "the second client leaves", lambda stage: _leaves(stage, 1), clients=2),
        Fault("all-leave", "all clients leave", _all_leave, clients=2),
        Fault("stall", "the client stops reading", _stops_reading),
        Fault("given-up", "the server gives up a client that has not read", _is_given_up),
        Fault("break", "the upstream resets", _breaks(Break.RESET), lane=Lane.UPSTREAM),
        Fault(
            "garble",
            "the upstream sends what is no HTTP",
            _breaks(Break.GARBLED),
            lane=Lane.UPSTREAM,
        ),
        Fault(
            "silence",
            "the upstream falls silent",
            _breaks(Break.SILENT),
            lane=Lane.UPSTREAM,
        ),
        Fault("drain", "the server takes no new requests", _closes(math.inf), lane=Lane.PUMP),
        Fault("close", "the server's grace is over", _closes(0.0), lane=Lane.PUMP),
        Fault("stop", "the server stops at once, and cancels its requests", _stops, lane=Lane.PUMP),
        Fault(
            "no-rows",
            "the ledger takes no row any more",
            _fails(Outage.OPENING),
            lane=Lane.SETTLE,
            ours=True,
        ),
        Fault(
            "no-settling",
            "the ledger settles no row any more",
            _fails(Outage.SETTLING),
            lane=Lane.SETTLE,
            ours=True,
        ),
        Fault(
            "no-commits",
            "the ledger's rows are not durable any more",
            _fails(Outage.COMMITTING),
            lane=Lane.SETTLE,
        ),
    )
}


def fitting(clients: int) -> list[Fault]:
    """The faults that mean something to a story with so many clients."""
    return [fault for fault in FAULTS.values() if fault.clients <= clients]
