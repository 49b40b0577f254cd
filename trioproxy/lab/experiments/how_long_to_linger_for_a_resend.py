"""A linger is worth its seconds exactly if it is longer than the client needs to come back: then the resend joins, and
nothing is generated twice. A shorter one is worse than none, for it pays for the wait and for the second call. What is
wasted on a client that does not come back is the linger, and no more."""

from __future__ import annotations

from trioproxy.lab.compare.experiment import Claim, Result, grid
from trioproxy.lab.compare.semantics import Again, Leaving, Semantics
from trioproxy.lab.compare.sweep import Contestant
from trioproxy.lab.compare.telling import Course, Telling, ask, stream, tell
from trioproxy.lab.script import After, AtEvent, ClientScript, Leave, Resend, Story

QUESTION = "How long to linger for a client that resends?"
SEEDS = 2
EVENTS, EVENT_BYTES, LEAVES_AT = 30, 100, 10
POLICIES = ("abort", "linger:1.5", "linger:4.5", "linger:10.5", "drain")
DELAYS_S = (0.5, 2.0, 6.0, 15.0)
METHOD = """
An answer of 30 events, one a second. The client leaves after 10 of them, and asks again after 0.5, 2, 6 or 15 s, or
never. A resend joins the call if it lives, and is given it from its first byte; else it is a second call. Measured: the
events that were generated (30 is the least), and how long after its resend the client has its whole answer.
"""
FOLLOWS = """
`disconnect.linger` is 10 s: longer than the delay after which the SDKs of Anthropic and OpenAI resend by themselves
(0.5 s to 8 s, unless the answer asks for more), and short against an answer. It is a bet on the client, so the default
is not to bet.
"""
LIMITS = """
One event a second: a model that is faster wastes more in the same time. A finished answer is not replayed here; with
the replay store a drained answer also serves resends that come within `replay.window` of its end.
"""


def measure(seeds: int) -> Result:
    """All policies against all delays."""
    events: dict[tuple[str, float | None], int] = {}
    took: dict[tuple[str, float], float] = {}
    rows, waits = [], []
    for policy in POLICIES:
        for delay_s in (*DELAYS_S, None):
            told = _tell(policy, delay_s, seeds)
            events[policy, delay_s] = max(each.all_pulled_bytes // EVENT_BYTES for each in told)
            if delay_s is not None:
                again = [each.happened.visits[1].asked_at or 0.0 for each in told]
                took[policy, delay_s] = max(each.ended_at() - at for each, at in zip(told, again, strict=True))
        rows.append((policy, *(events[policy, delay_s] for delay_s in (*DELAYS_S, None))))
        waits.append((policy, *(f"{took[policy, delay_s]:.1f}" for delay_s in DELAYS_S)))
    after = tuple(f"back after {delay_s:g} s" for delay_s in DELAYS_S)
    covers = [(policy, delay_s) for policy in POLICIES for delay_s in DELAYS_S if _covers(policy, delay_s)]
    short = [(policy, delay_s) for policy in POLICIES[1:-1] for delay_s in DELAYS_S if not _covers(policy, delay_s)]
    return Result(
        (
            ("Events generated:", grid(("policy", *after, "never back"), rows)),
            ("Whole answer after the resend, s:", grid(("policy", *after), waits)),
        ),
        (
            Claim(
                "A linger that is longer than the delay generates nothing twice.",
                all(events[key] == EVENTS for key in covers),
            ),
            Claim(
                "And the client has its answer as if it had never left.",
                all(took[policy, delay_s] == EVENTS + 1 - LEAVES_AT - delay_s for policy, delay_s in covers),
            ),
            Claim("A shorter one is worse than none.", all(events[key] > events["abort", key[1]] for key in short)),
            Claim(
                "A client that never comes back costs the linger, and no more.",
                all(events[policy, None] == LEAVES_AT + int(Leaving.of(policy).seconds_s) for policy in POLICIES[:-1]),
            ),
        ),
    )


def _covers(policy: str, delay_s: float) -> bool:
    """The call lives when the client comes back: it has been neither ended nor finished."""
    return min(Leaving.of(policy).seconds_s, EVENTS - LEAVES_AT) > delay_s


def _tell(policy: str, delay_s: float | None, seeds: int) -> list[Course]:
    contestant = Contestant(Semantics(leaving=Leaving.of(policy), again=Again.JOINS))
    steps: tuple[tuple[AtEvent | After, Leave | Resend], ...] = ((AtEvent(LEAVES_AT), Leave()),)
    if delay_s is not None:
        steps += ((After(delay_s), Resend()),)
    story = Story("resend", (stream(EVENTS, 1.0, EVENT_BYTES),), (ClientScript(ask(), steps),))
    return tell([Telling(contestant, story, seed) for seed in range(seeds)])
