"""A call that is drained pays for what nobody reads; one that is aborted and asked for again pays twice for its
beginning. So drain costs in proportion to the departures that are final and saves in proportion to those that come
back: below some share of resends abort is cheaper, above it drain is. A short linger that covers the resend delay is
cheaper than both at any share."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from trioproxy.lab.compare.experiment import Claim, Grid, Result, grid
from trioproxy.lab.compare.semantics import Again, Leaving, Semantics
from trioproxy.lab.compare.sweep import Contestant
from trioproxy.lab.compare.telling import Course, Telling, ask, stream, tell
from trioproxy.lab.script import After, AtEvent, ClientScript, Leave, Resend, Story
from trioproxy.model import CallOutcome

QUESTION = "What does drain cost and save, against a given rate of aborts and resends?"
SEEDS = 40
EVENTS, EVERY_S, EVENT_BYTES = 20, 0.6, 100
RESEND_AFTER_S = 1.5
POLICIES = ("abort", "linger:1", "linger:3", "drain")
ABORTS = (0.1, 0.4)
RESENDS = (0.0, 0.5, 0.9)
# Multiples of these, modulo 1, are spread evenly, alone and together (Roberts' sequence R3).
SPREAD = (0.8191725133961645, 0.6710436067037893, 0.5497004779019703)
METHOD = """
Answers of 20 events, one every 0.6 s. 40 clients for each cell, the same ones for every policy: the given share of them
leaves, at moments spread over the answer, and of those that leave the given share asks again 1.5 s later and stays. A
resend joins the call if it still lives; else it is a call of its own. Measured for each 100 requests (a resend is the
same request): calls, which each pay the prompt; events that were generated, whether read or not; and which share of the
calls ended with their usage known, which is what books can be kept by. Then all 40 leave, once for good and once to
come back: from the events of both follows the share of departures that must come back for a policy to generate no more
than `abort` does.
"""
FOLLOWS = """
`abort` is the default: we assume that most departures are final for a proxy that knows nothing of its clients. Where
clients resend, `linger` with a few seconds is the cheapest (ADR 0015), and pays from a third of the departures on that
come back, `drain` from a half. It does not pay where nobody comes back, as the hypothesis had it: then each second of
it is for nothing; and a linger that is too short for the resends pays for both. `drain` buys books that match the bill,
at the price in this table.
"""
LIMITS = """
Events stand for output tokens; what a prompt costs against them depends on the conversation, so calls and events stand
beside each other and are not added up. No answer is replayed after its end: with the replay store a drained answer
would serve later resends, too. Departures are spread evenly over the answer, which real ones are not.
"""


def measure(seeds: int) -> Result:
    """All policies, all rates."""
    calls, events, rows = {}, {}, []
    even, shares = _break_even(seeds)
    for aborts in ABORTS:
        for resends in RESENDS:
            stories = [_story(aborts, resends, number) for number in range(seeds)]
            leave = sum(len(story.clients[0].steps) > 0 for story in stories)
            back = sum(len(story.clients[0].steps) > 1 for story in stories)
            for policy in POLICIES:
                told = _tell(policy, stories)
                key = policy, aborts, resends
                calls[key] = 100 * sum(len(each.happened.calls) for each in told) / seeds
                events[key] = 100 * sum(each.all_pulled_bytes // EVENT_BYTES for each in told) / seeds
                booked = [row.receipt.outcome for each in told for row in each.happened.books.calls]
                known = booked.count(CallOutcome.COMPLETED) / len(booked)
                rows.append(
                    (
                        f"{leave} of {seeds} leave, {back} of them come back: {policy}",
                        f"{calls[key]:.0f}",
                        f"{events[key]:.0f}",
                        f"{known:.0%}",
                    )
                )
    columns = ("clients and policy", "calls", "events", "usage known")
    many, few, most = ABORTS[1], RESENDS[0], RESENDS[-1]
    return Result(
        (("For each 100 requests:", grid(columns, rows)), ("Events for one that leaves, on average:", even)),
        (
            Claim(
                "Where nobody comes back, drain generates more than abort.",
                all(events["drain", aborts, few] > events["abort", aborts, few] for aborts in ABORTS),
            ),
            Claim(
                "Where nearly all come back, abort generates more than drain.",
                events["abort", many, most] > events["drain", many, most],
            ),
            Claim(
                "Below some share of resends abort generates less, above it drain does.",
                shares["drain"] is not None and 0.0 < shares["drain"] < 1.0,
            ),
            Claim(
                "Abort pays more prompts wherever anybody comes back.",
                all(calls["abort", many, each] > calls["drain", many, each] for each in RESENDS[1:]),
            ),
            Claim(
                "A linger that covers the delay of a resend generates no more than drain, and pays as many prompts.",
                all(
                    events["linger:3", many, each] <= events["drain", many, each]
                    and calls["linger:3", many, each] == calls["drain", many, each]
                    for each in RESENDS
                ),
            ),
            Claim(
                "A linger that covers it is the cheapest at any share of resends.",
                all(
                    events["linger:3", many, each] <= min(events[policy, many, each] for policy in POLICIES)
                    for each in RESENDS
                ),
            ),
        ),
    )


def _break_even(seeds: int) -> tuple[Grid, dict[str, float | None]]:
    """What a departure costs that is final and one that is not, and from which share of the latter on abort costs more.

    The share is None where it never does.
    """
    final, back = (
        {policy: _mean_events(policy, [_story(1.0, resends, number) for number in range(seeds)]) for policy in POLICIES}
        for resends in (0.0, 1.0)
    )
    shares: dict[str, float | None] = {}
    for policy in POLICIES[1:]:
        costs, saves = final[policy] - final["abort"], back["abort"] - back[policy]
        shares[policy] = costs / (costs + saves) if saves > 0 else None
    rows = []
    for policy in POLICIES:
        share = shares.get(policy)
        never = "" if policy == "abort" else "never"
        said = f"{share:.0%}" if share is not None else never
        rows.append((policy, f"{final[policy]:.1f}", f"{back[policy]:.1f}", said))
    return grid(("policy", "it is gone", "it comes back", "no more than abort from"), rows), shares


def _mean_events(policy: str, stories: Sequence[Story]) -> float:
    return fmean(told.all_pulled_bytes // EVENT_BYTES for told in _tell(policy, stories))


def _tell(policy: str, stories: Sequence[Story]) -> list[Course]:
    contestant = Contestant(Semantics(leaving=Leaving.of(policy), again=Again.JOINS))
    return tell([Telling(contestant, story, number) for number, story in enumerate(stories)])


def _story(aborts: float, resends: float, number: int) -> Story:
    """One client, the same for every policy."""
    leaves, comes_back, when = (((number + 0.5) * ratio) % 1 for ratio in SPREAD)
    steps: list[tuple[AtEvent | After, Leave | Resend]] = []
    if leaves < aborts:
        steps.append((AtEvent(1 + int(when * (EVENTS - 1))), Leave()))
        if comes_back < resends:
            steps.append((After(RESEND_AFTER_S), Resend()))
    return Story("client", (stream(EVENTS, EVERY_S, EVENT_BYTES),), (ClientScript(ask(), tuple(steps)),))
