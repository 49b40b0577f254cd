"""Plays a `ClientScript` without sockets: one visit, and one more for each time it asks again.

    (AtEvent(3), Leave()), (After(1.0), Resend())  ─▶  Visit, Visit

Over what is no connection every way of leaving is the same, and bytes after the request never come to an application.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from trioproxy.lab.explore.subject import Serving
from trioproxy.lab.explore.visit import Visit
from trioproxy.lab.script import (
    After,
    AtByte,
    AtEvent,
    AtPhase,
    ClientPhase,
    ClientScript,
    Deed,
    Leave,
    ReadOn,
    ReadSlowly,
    Resend,
    StopReading,
    When,
)
from trioproxy.model import RawHeaders

# A client is a task beside its requests.
# ruff: noqa: TID251

Visiting = Callable[[RawHeaders], Visit]


async def play_client(script: ClientScript, app: Serving, visiting: Visiting) -> None:
    """Ask, do what the script says, and return when the last answer is over.

    Args:
        visiting: makes a visit, given the headers that it adds.
    """
    visit = visiting(())
    if not script.steps:
        await visit.run(app)
        return
    async with trio.open_nursery() as requests:
        requests.start_soon(visit.run, app)
        for when, deed in script.steps:
            if isinstance(when, After):
                await trio.sleep(when.seconds_s)
            elif not await _comes(visit, when):
                continue
            if isinstance(deed, Resend):
                visit = visiting(deed.headers)
                requests.start_soon(visit.run, app)
            else:
                _do(visit, deed)


async def _comes(visit: Visit, when: When) -> bool:
    """Wait for the moment; False if the answer is over, or the client gone, before it."""
    while not _is(visit, when):
        if visit.over_at is not None or visit.left_at is not None:
            return False
        await visit.news()
    return True


def _is(visit: Visit, when: When) -> bool:
    match when:
        case AtByte(count):
            return visit.size_bytes >= count
        case AtEvent(count):
            return visit.body.count(b"\n\n") >= count
        case AtPhase(phase):
            return _phase_reached(visit, phase)
        case _:
            return True


def _phase_reached(visit: Visit, phase: ClientPhase) -> bool:
    size_bytes = len(visit.ask.body)
    match phase:
        case ClientPhase.CONNECTED:
            return visit.asked_at is not None
        case ClientPhase.SENDING:
            return visit.taken_pieces >= 1
        case ClientPhase.WAITING:
            return visit.taken_pieces >= 1 and visit.sent_bytes == size_bytes
        case ClientPhase.HEAD:
            return visit.status is not None
        case ClientPhase.STREAMING:
            return visit.size_bytes > 0
        case ClientPhase.ENDED:
            return visit.finished


def _do(visit: Visit, deed: Deed) -> None:
    match deed:
        case Leave():
            visit.leave()
        case StopReading():
            visit.stop_reading()
        case ReadOn():
            visit.rate = None
            visit.read_on()
        case ReadSlowly(bytes_per_s):
            visit.rate = bytes_per_s
        case _:
            pass  # bytes after the request stay with the server
