"""A pump with one client waits for that one. With several it has to choose: if it waits for the slowest, one client
that reads slowly slows everybody at the same answer, and one that does not read at all stops them until it is given
up. If it follows the fastest, nobody is slowed, and what the slow one has not read waits for it in memory."""

from __future__ import annotations

from dataclasses import replace

from trioproxy.lab.compare.experiment import Claim, Result, grid
from trioproxy.lab.compare.semantics import Again, Follow, Semantics
from trioproxy.lab.compare.sweep import Contestant
from trioproxy.lab.compare.telling import Telling, ask, stream, tell
from trioproxy.lab.script import After, AtEvent, ClientScript, ReadSlowly, StopReading, Story

QUESTION = "What does joining do to backpressure?"
SEEDS = 3
EVENTS, EVERY_S, EVENT_BYTES = 400, 0.02, 1000
SLOW_BYTES_PER_S = 20_000
METHOD = """
Two clients at one call: 400 events of 1,000 bytes, one every 20 ms (8 s). The first reads as fast as events come. The
second joins at once and reads as fast, at 20,000 bytes a second, or not at all after its first event (the server gives
it up after 30 s). The pump waits for the slowest of them, or follows the fastest; beside them the proxy as it serves.
Measured: when the first client has its whole answer; when the upstream is done; the most that waited for the second.
"""
FOLLOWS = """
A relay follows the fastest of its seats, and what may wait for the others is bounded by `replay.max_body_bytes`: beyond
it a seat is cut (ADR 0017).
"""
LIMITS = """
The compact relay bounds nothing of what waits for a slow client while another is faster; the proxy does. Neither
charges the memory to anybody: many slow clients at many answers are bounded by `replay.max_total_bytes` alone.
"""


def measure(seeds: int) -> Result:
    """Both choices and the proxy, three second clients."""
    joining = Semantics(again=Again.JOINS)
    everybody = {
        "waits for the slowest": Contestant(replace(joining, follow=Follow.SLOWEST)),
        "follows the fastest": Contestant(joining),
        "trioproxy": Contestant(joining, ours=True),
    }
    seconds = {
        "reads as fast": ClientScript(ask()),
        "reads slowly": ClientScript(ask(), ((After(0.0), ReadSlowly(SLOW_BYTES_PER_S)),)),
        "does not read": ClientScript(ask(), ((AtEvent(1), StopReading()),)),
    }
    ended, waiting, rows = {}, {}, []
    for name, contestant in everybody.items():
        for words, second in seconds.items():
            script = stream(EVENTS, EVERY_S, EVENT_BYTES, first_s=1.0)
            story = Story("join", (script,), (ClientScript(ask()), second), (0.0, 0.5))
            told = tell([Telling(contestant, story, seed) for seed in range(seeds)])
            ended[name, words] = max(each.ended_at(0) for each in told)
            waiting[name, words] = max(each.most_waiting_bytes(1) for each in told)
            upstream = max(each.closed_at() for each in told)
            figures = (f"{ended[name, words]:.2f}", f"{upstream:.2f}", waiting[name, words])
            rows.append((f"{name}; the other {words}", *figures))
    columns = ("pump", "first client has all after, s", "upstream done after, s", "most waiting for the other, bytes")
    slowest, fastest, ours = everybody
    alone = ended[fastest, "reads as fast"]
    return Result(
        (("Two clients at one answer:", grid(columns, rows)),),
        (
            Claim(
                "Waiting for the slowest slows the fast client to its pace.",
                ended[slowest, "reads slowly"] > 1.5 * alone,
            ),
            Claim(
                "A client that does not read stops the others until it is given up.",
                ended[slowest, "does not read"] >= 30.0,
            ),
            Claim(
                "Following the fastest slows nobody.",
                all(ended[name, words] == alone for name in (fastest, ours) for words in seconds),
            ),
            Claim(
                "It costs memory: what the slow one has not read.",
                waiting[fastest, "reads slowly"] > 4 * waiting[slowest, "reads slowly"],
            ),
        ),
    )
