"""A client that stops reading holds its own upstream call for as long as the server has patience, and no other
client's. When the server stops, a call in a task of its own is ended at once, whatever its client does; a generator
that is stuck in a write keeps the upstream until the write is given up."""

from __future__ import annotations

from trioproxy.lab.compare.experiment import Claim, Result, grid
from trioproxy.lab.compare.semantics import Pump, Semantics
from trioproxy.lab.compare.stopping import Stopping
from trioproxy.lab.compare.sweep import Contestant
from trioproxy.lab.compare.telling import Course, Telling, ask, stream, tell
from trioproxy.lab.script import AtEvent, ClientScript, StopReading, Story

QUESTION = "What does a stalled reader hold up?"
SEEDS = 3
EVENTS, EVERY_S, EVENT_BYTES = 400, 0.02, 2000
STALLED_AT = 50
STOPS_AT_S = 5.0
METHOD = """
Two clients with two calls: 400 events of 2,000 bytes, one every 20 ms (8 s). The second stops reading after 50 events
and never reads again; its server gives it up after 30 s. Then the same again, and the server stops 5 s after the
beginning, with no grace, and cancels its requests. Four places for the pump, and the proxy as it serves. Measured: when
the first client has its whole answer; how long the upstream of the stalled one was held; how much was pulled for it and
not read; how long after the stop its upstream was told, and how long until nothing of the requests was left.
"""
FOLLOWS = """
A stalled client costs one upstream connection for `server.stalled_client_timeout`, and the bytes of one seat; a relay
in the house is ended without asking its client. The rest of a shutdown is the server's: it must not wait for a write.
"""
LIMITS = """
The write that is stuck is shielded, as Hypercorn's is with the mends of this project; an unmended one can be cancelled
in the middle of a chunk, or not at all (HTTP/1.1 over a full socket). The proxy under `trioproxy serve` shortens the
patience once it stops; that part of it is not in this.
"""


def measure(seeds: int) -> Result:
    """All pumps and the proxy."""
    everybody = [Contestant(Semantics(), ours=True), *(Contestant(Semantics(pump)) for pump in Pump)]
    neighbour, held, told_after, left_after, rows = {}, {}, {}, {}, []
    for contestant in everybody:
        name = contestant.name
        stalled = tell([Telling(contestant, _story(), seed) for seed in range(seeds)])
        stopped = tell([_stopping(contestant, seed) for seed in range(seeds)])
        neighbour[name] = max(told.ended_at(0) for told in stalled)
        stalls_at = STALLED_AT * EVERY_S
        held[name] = max(told.closed_at(_call_of_second(told)) - stalls_at for told in stalled)
        waits = max(_waiting(told) for told in stalled)
        told_after[name] = max(told.closed_at(_call_of_second(told)) - STOPS_AT_S for told in stopped)
        left_after[name] = max(told.happened.over_at - STOPS_AT_S for told in stopped)
        rows.append(
            (
                name,
                f"{neighbour[name]:.2f}",
                f"{held[name]:.1f}",
                waits,
                f"{told_after[name]:.1f}",
                f"{left_after[name]:.1f}",
            )
        )
    columns = (
        "pump",
        "neighbour has all after, s",
        "upstream held, s",
        "waiting, bytes",
        "stop: upstream told after, s",
        "stop: nothing left after, s",
    )
    tasks, generates = (Pump.HOUSE, Pump.REQUEST), (Pump.GENERATOR, Pump.NESTED)
    return Result(
        (("A client that stops reading after 1 s:", grid(columns, rows)),),
        (
            Claim("No neighbour is held up.", len(set(neighbour.values())) == 1),
            Claim(
                "Its own upstream is held for the server's patience.",
                all(29.0 < seconds < 31.0 for seconds in held.values()),
            ),
            Claim(
                "When the server stops, a pump that is a task lets go of the upstream at once.",
                not any(told_after[pump] for pump in (*tasks, "trioproxy")),
            ),
            Claim(
                "A generator keeps it until the write is given up.", all(told_after[pump] > 20.0 for pump in generates)
            ),
            Claim(
                "The request itself stays until then, wherever the pump lives.",
                all(seconds > 20.0 for seconds in left_after.values()),
            ),
        ),
    )


def _story() -> Story:
    stalls = ClientScript(ask(1), ((AtEvent(STALLED_AT), StopReading()),))
    script = stream(EVENTS, EVERY_S, EVENT_BYTES)
    return Story("stall", (script,), (ClientScript(ask(0)), stalls))


def _stopping(contestant: Contestant, seed: int) -> Telling:
    return Telling(contestant, _story(), seed, subject=Stopping(contestant.subject(), STOPS_AT_S))


def _call_of_second(told: Course) -> int:
    """Which of the calls is the stalled client's: the one of which less came."""
    return min((0, 1), key=told.pulled_bytes) if len(told.happened.calls) > 1 else 0


def _waiting(told: Course) -> int:
    """What was pulled for the stalled client, and never read by it."""
    return told.pulled_bytes(_call_of_second(told)) - told.got_bytes(1)
