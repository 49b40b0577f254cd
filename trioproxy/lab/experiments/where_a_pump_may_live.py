"""A pump in its request's nursery is as right as one in the house, as long as a call belongs to one client and ends
with it. Once a call may outlive its client, the request lives as long as the call, and a server that waits for its
requests waits for it. Once others may join, the first one's connection is a single point of failure: if its server
cancels that request, every client at the answer is cut off."""

from __future__ import annotations

from trioproxy.lab.compare.experiment import Claim, Result, grid
from trioproxy.lab.compare.run import compare
from trioproxy.lab.compare.semantics import Again, Leaving, Pump, Semantics
from trioproxy.lab.compare.stopping import Stopping
from trioproxy.lab.compare.sweep import Contest, Contestant
from trioproxy.lab.compare.telling import Course, Telling, ask, stream, tell
from trioproxy.lab.script import AtEvent, ClientScript, Leave, Story

QUESTION = "Where may a pump live?"
SEEDS = 3
EVENTS, EVENT_BYTES = 20, 100
METHOD = """
Three comparisons of a pump in the house and one in its request, and of the proxy as it serves. (1) The stories `paced`
and `blocked` with departures, breaks and stops at every third step: runs that break any invariant, under `abort`. (2) A
client leaves after 5 of 20 events (one a second), under `drain`: how long its request lives on. (3) A second client
joins after 2.5 s; at 6 s the first one's request is cancelled by its server, as when its connection fails: which share
of the answer the second gets.
"""
FOLLOWS = """
Relays live in the house, a task of the lifespan (ADR 0003): not because a request's nursery would be wrong, but because
policies and joining need a call that belongs to nobody.
"""
LIMITS = """
Whether a server cancels a request whose connection has failed is its own affair: Hypercorn does where a task of that
connection raises, and on shutdown; a departure alone it only tells.
"""


def measure(seeds: int) -> Result:
    """All three."""
    joining = Again.JOINS
    rights = {
        standing.contestant.name: (sum(standing.broken.values()), standing.runs)
        for standing in compare(
            [Contestant(Semantics(), ours=True), Contestant(Semantics()), Contestant(Semantics(Pump.REQUEST))],
            Contest(("paced", "blocked"), ("leave", "break", "close", "stop"), range(seeds), stride=3),
            draw=False,
        )
    }
    lives, shares, rows = {}, {}, []
    for name, (broken, runs) in rights.items():
        ours, pump = name == "trioproxy", Pump.REQUEST if name == Pump.REQUEST else Pump.HOUSE
        drains = Contestant(Semantics(pump, Leaving.of("drain")), ours=ours)
        joins = Contestant(Semantics(pump, again=joining), ours=ours)
        lives[name] = max(_lives_on_s(told) for told in _drained(drains, seeds))
        shares[name] = min(told.got_bytes(1) / (EVENTS * EVENT_BYTES) for told in _joined(joins, seeds))
        rows.append((name, f"{broken} of {runs}", f"{lives[name]:.1f}", f"{min(1.0, shares[name]):.0%}"))
    columns = (
        "pump",
        "breaches under abort",
        "drain: request lives on, s",
        "first request cancelled: the second gets",
    )
    return Result(
        (("Where the pump lives:", grid(columns, rows)),),
        (
            Claim("Under `abort` both are right.", not any(broken for broken, _ in rights.values())),
            Claim(
                "Under `drain`, in the house a request ends with its client; in the request it does not.",
                lives[Pump.HOUSE] == 0.0 < lives[Pump.REQUEST],
            ),
            Claim(
                "A pump in a request that is cancelled takes those along who joined; one in the house does not.",
                shares[Pump.REQUEST] < 1.0 <= min(shares[Pump.HOUSE], shares["trioproxy"]),
            ),
        ),
    )


def _drained(contestant: Contestant, seeds: int) -> list[Course]:
    client = ClientScript(ask(), ((AtEvent(5), Leave()),))
    story = Story("drain", (stream(EVENTS, 1.0, EVENT_BYTES),), (client,))
    return tell([Telling(contestant, story, seed) for seed in range(seeds)])


def _lives_on_s(told: Course) -> float:
    [visit] = told.happened.visits
    assert visit.left_at is not None
    assert visit.over_at is not None
    return visit.over_at - visit.left_at


def _joined(contestant: Contestant, seeds: int) -> list[Course]:
    clients = (ClientScript(ask()), ClientScript(ask()))
    story = Story("join", (stream(EVENTS, 1.0, EVENT_BYTES),), clients, (0.0, 2.5))
    subject = Stopping(contestant.subject(), 6.0, only=0)
    return tell([Telling(contestant, story, seed, subject=subject) for seed in range(seeds)])
