"""Plays a client's script: its visits, one after the other, each on a connection of its own."""

# Connecting has an end.
# ruff: noqa: TID251

from __future__ import annotations

import ssl
import time
from collections import deque
from dataclasses import replace

import trio

from trioproxy.lab.guest.h1 import H1Line
from trioproxy.lab.guest.h2 import H2Line
from trioproxy.lab.guest.line import Address, Way
from trioproxy.lab.guest.play import Manner, Player
from trioproxy.lab.guest.seen import AnswerEnding, Seen, Visit
from trioproxy.lab.script import (
    After,
    Ask,
    ClientScript,
    ClientStep,
    Going,
    Leave,
    ReadSlowly,
    Resend,
    SendMore,
    StopReading,
)

PROTOCOLS = ("h1", "h2c", "h2")
# So small a receive buffer makes a server feel soon that its client does not read.
SMALL_BYTES = 16384
USUAL = Manner()


def impossible(script: ClientScript, protocol: str) -> str | None:
    """What of `script` a client of that protocol cannot do, if anything."""
    if protocol not in PROTOCOLS:
        return f"protocol {protocol!r}; expected one of {', '.join(PROTOCOLS)}"
    for _, deed in script.steps:
        match deed:
            case Leave(Going.RST_STREAM | Going.GOAWAY as how) if protocol == "h1":
                return f"{how} is HTTP/2's: over HTTP/1.1 nothing less than the connection can be left"
            case Leave(Going.HALF_CLOSE) if protocol != "h1":
                return "half-close is HTTP/1.1's: over HTTP/2 every request ends its half of the stream"
            case SendMore() if protocol != "h1":
                return "SendMore is HTTP/1.1's: over HTTP/2 no bytes stand outside of frames"
    return None


async def play_client(
    script: ClientScript,
    address: Address,
    protocol: str = "h1",
    *,
    tls: ssl.SSLContext | None = None,
    hostname: str = "localhost",
    manner: Manner = USUAL,
    keep_body: bool = True,
    who: int = 0,
    seen: Seen | None = None,
) -> Seen:
    """Play `script` against host and port `address`; what was seen, which never is an error of the peer's.

    Args:
        protocol: h1 (over TLS if `tls` is given), h2c (prior knowledge), or h2 (TLS; `tls` must offer it by ALPN).
        keep_body: keep the bytes, not only their number.
        who: the client's number, in its marks.
        seen: where to write it down, for whoever looks on while it happens.

    A step that never comes (the answer ends first, or breaks) is not done, nor are those after it. Every connection
    is closed on return, error and cancellation.

    Raises:
        ValueError: the protocol lacks what the script wants, or `tls`.
    """
    if (problem := impossible(script, protocol)) is not None:
        raise ValueError(problem)
    if protocol == "h2" and tls is None:
        raise ValueError("h2 is agreed on in TLS: tls is missing")
    seen = Seen() if seen is None else seen
    h2 = protocol != "h1"
    way = Way(address, None if protocol == "h2c" else tls, ("h2",) if h2 else (None, "http/1.1"), hostname)
    steps = deque(script.steps)
    ask = script.ask
    while True:
        visit = Visit(time.monotonic(), keep_body, who)
        seen.visits.append(visit)
        left_at = await _visit(visit, ask, steps, way, manner, H2Line if h2 else H1Line)
        if not steps or not isinstance(resend := steps[0][1], Resend) or visit.left_at is None:
            return seen
        when, _ = steps.popleft()
        assert isinstance(when, After)
        await trio.sleep_until(left_at + when.seconds_s)
        ask = replace(script.ask, headers=(*script.ask.headers, *resend.headers))


async def _visit(
    visit: Visit,
    ask: Ask,
    steps: deque[ClientStep],
    way: Way,
    manner: Manner,
    speak: type[H1Line | H2Line],
) -> float:
    """Ask once, on a connection of its own; when the last step was done, on Trio's clock."""
    slow = any(isinstance(deed, StopReading | ReadSlowly) for _, deed in steps)
    wire = None
    try:
        with trio.move_on_after(manner.patience_s):
            wire = await way.connect(SMALL_BYTES if slow else None)
    except OSError as error:
        visit.end(AnswerEnding.REFUSED, str(error))
        return trio.current_time()
    if wire is None:
        visit.end(AnswerEnding.REFUSED, f"no connection within {manner.patience_s} s")
        return trio.current_time()
    visit.connected_at = time.monotonic()
    try:
        player = Player(speak(wire, visit), visit, steps, manner)
        await player.play(ask)
        return player.done_at
    finally:
        wire.close()
