"""The `finally` of a response generator runs only if the generator was begun, and only its own exception tells it why
it ends. So a client that leaves before the first chunk is asked for leaves an upstream call open for ever and a row
unsettled, and a shutdown is booked as a departure. A nursery inside the generator mends neither, and adds tracebacks.
A frame that owns the request misses nothing, wherever the pump lives."""

from __future__ import annotations

from trioproxy.lab.compare.experiment import Claim, Result, grid
from trioproxy.lab.compare.run import compare
from trioproxy.lab.compare.semantics import Pump, Semantics
from trioproxy.lab.compare.sweep import Contest, Contestant
from trioproxy.lab.explore.invariants import Invariant

QUESTION = "What does a generator's finally miss?"
SEEDS = 3
FAULTS = ("leave", "given-up", "break", "close", "stop")
SCENARIOS = ("paced", "reset", "blocked")
METHOD = """
Four places for the pump: the server's nursery, the request's own, the response generator itself with `try` and
`finally`, and a nursery around the generator's `yield`. The two generators are handlers of an unchanged Quart-Trio.
The stories `paced` (four reads, one a second), `reset` (the upstream breaks off) and `blocked` (the client reads late),
each with a departure, a client that is given up, a break, the end of the server's grace and a sudden stop at every step
under every seed. Settling only enqueues, so that what is lost is lost by the structure alone.
"""
FOLLOWS = """
The connection owns the delivery (ADR 0004), a task owns the call (ADR 0003), and no generator owns anything.
"""
LIMITS = """
What fails before a head is settled by the handler; from then on the generators settle in their `finally` alone. Not
measured: a handler that settles in more places (none of its code runs between its return and the first chunk), and a
framework that leaves generators to the garbage collector (this one closes those that were begun).
"""
_SHOWN = (
    Invariant.SETTLED_ONCE,
    Invariant.CLOSED,
    Invariant.RIGHT_ENDING,
    Invariant.NO_FAULT,
)


def measure(seeds: int) -> Result:
    """All four pumps."""
    contest = Contest(SCENARIOS, FAULTS, range(seeds))
    standings = {
        standing.contestant.semantics.pump: standing
        for standing in compare([Contestant(Semantics(pump)) for pump in Pump], contest, draw=False)
    }
    broken = {pump: standing.broken for pump, standing in standings.items()}
    rows = [
        (pump, standing.runs, *(broken[pump].get(each, 0) for each in _SHOWN)) for pump, standing in standings.items()
    ]
    generators = (Pump.GENERATOR, Pump.NESTED)
    return Result(
        (("Runs that break an invariant:", grid(("pump", "runs", *map(str, _SHOWN)), rows)),),
        (
            Claim("A frame that owns the request breaks nothing.", not broken[Pump.HOUSE] and not broken[Pump.REQUEST]),
            Claim(
                "Both generators leave rows unsettled and upstream calls open.",
                all(broken[pump].get(each) for pump in generators for each in _SHOWN[:2]),
            ),
            Claim("Both book wrong endings.", all(broken[pump].get(Invariant.RIGHT_ENDING) for pump in generators)),
            Claim(
                "A nursery inside the generator has more errors logged.",
                broken[Pump.NESTED].get(Invariant.NO_FAULT, 0) > broken[Pump.GENERATOR].get(Invariant.NO_FAULT, 0),
            ),
        ),
    )
