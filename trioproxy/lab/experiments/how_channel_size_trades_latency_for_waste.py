"""A larger channel takes in what a client that pauses does not read, so that the upstream need not pause with it and
the answer is over sooner. It costs what it holds: bytes that are pulled for a client that then leaves, and memory.
Beyond what the upstream would say during a pause it buys nothing more. A bound in chunks is no bound: it holds whatever
the chunks are."""

from __future__ import annotations

from trioproxy.lab.compare.experiment import Claim, Result, grid
from trioproxy.lab.compare.semantics import KIB, Room, Semantics
from trioproxy.lab.compare.sweep import Contestant
from trioproxy.lab.compare.telling import Course, Telling, ask, stream, tell
from trioproxy.lab.compare.window import Windowed
from trioproxy.lab.script import After, AtEvent, ClientScript, Leave, ReadOn, StopReading, Story

QUESTION = "How does the size of a channel trade latency for waste after leaving?"
SEEDS = 2
EVENTS, EVERY_S, WINDOW_CHUNKS = 400, 0.02, 32
PAUSE_S = 4.0
EVENT_BYTES = (500, 4000)
ROOMS = ("0", "1", "16", "256", "4KiB", "32KiB", "256KiB", "1024KiB")
METHOD = """
An upstream that would say 400 events, one every 20 ms, and stops generating while 32 of them have not been taken from
it (what sockets hold). Its client stops reading after 50 events for 4 s, in which 200 events would come. It then either
reads on, or leaves. Events of 500 bytes and of 4,000 bytes. Measured: when the client that reads on has its whole
answer (8 s would be without any pause of the upstream); the most that was pulled and waited; what had been pulled for
the client that leaves and never reached it; the steps of the scheduler for each event.
"""
FOLLOWS = """
A seat is bounded in bytes (ADR 0014): 32 KiB bridges a pause of a second at the pace of a model, and no departure
wastes more than that and two events: the one that crosses the bound, and the one that the pump holds. A rendezvous (0)
costs no more steps than a buffer does, but makes each pause of a client a pause of the upstream.
"""
LIMITS = """
Whether an upstream generates on while nobody reads is its own affair; we assume that hosted models mostly do, for the
answer has been paid for. Then the size of the channel changes memory and waste alone. The median latency between
upstream and client is 0 s for every size on a clock that counts no computing; `docs/performance.md` has it in
microseconds.
"""


def measure(seeds: int) -> Result:
    """All sizes."""
    waits, wasted, ended, rows = {}, {}, {}, []
    for size_bytes in EVENT_BYTES:
        for room in ROOMS:
            stays, leaves = _tell(room, size_bytes, seeds)
            ended[room, size_bytes] = max(told.ended_at() for told in stays)
            waits[room, size_bytes] = max(told.most_waiting_bytes() for told in stays)
            wasted[room, size_bytes] = max(told.pulled_bytes() - told.got_bytes() for told in leaves)
            steps = max(told.happened.steps for told in stays) / EVENTS
            rows.append(
                (
                    f"{room if room.endswith('KiB') else f'{room} chunks'}, events of {size_bytes} bytes",
                    f"{ended[room, size_bytes]:.2f}",
                    waits[room, size_bytes],
                    wasted[room, size_bytes],
                    f"{steps:.1f}",
                )
            )
    columns = ("channel", "whole answer after, s", "most waiting, bytes", "wasted on leaving, bytes", "steps an event")
    small, large = EVENT_BYTES
    return Result(
        (("A client that pauses for 4 s:", grid(columns, rows)),),
        (
            Claim(
                "The larger the channel, the sooner the answer is over.",
                [*(ended[room, small] for room in ("0", "16", "256"))]
                == sorted({ended[room, small] for room in ("0", "16", "256")}, reverse=True),
            ),
            Claim(
                "The larger the channel, the more is wasted on leaving.",
                wasted["0", small] < wasted["16", small] < wasted["256", small],
            ),
            Claim("Beyond what comes in a pause it buys nothing.", ended["1024KiB", small] == ended["256KiB", small]),
            Claim(
                "No departure wastes more than a bound in bytes and two events.",
                all(
                    wasted[room, size_bytes] <= int(room.removesuffix("KiB")) * KIB + 2 * size_bytes
                    for room, size_bytes in wasted
                    if room.endswith("KiB")
                ),
            ),
            Claim(
                "A bound in bytes wastes about as much whatever the events are; one in chunks does not.",
                wasted["256", large] > 4 * wasted["256", small]
                and wasted["32KiB", large] < 1.5 * wasted["32KiB", small],
            ),
        ),
    )


def _tell(room: str, size_bytes: int, seeds: int) -> tuple[list[Course], list[Course]]:
    """With a client that reads on, and with one that leaves."""
    contestant = Contestant(Semantics(room=Room.of(room)))
    subject = Windowed(contestant.subject(), EVERY_S, WINDOW_CHUNKS)
    found = []
    for deed in (ReadOn(), Leave()):
        client = ClientScript(ask(), ((AtEvent(50), StopReading()), (After(PAUSE_S), deed)))
        story = Story("pause", (stream(EVENTS, 0.0, size_bytes),), (client,))
        found.append(tell([Telling(contestant, story, seed, subject=subject) for seed in range(seeds)]))
    return found[0], found[1]
