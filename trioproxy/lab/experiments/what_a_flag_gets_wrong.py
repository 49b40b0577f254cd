"""A flag that whoever comes first writes is right as long as the first sign of an end is the end. As soon as a policy
lets a call outlive its client, the first sign is often not the end: the call completes, breaks or is shut down later,
and the flag has long been written. Structure (which scope caught the cancellation, which exception left the block)
is read at the end, and is never wrong."""

from __future__ import annotations

from trioproxy.lab.compare.experiment import Claim, Result, grid
from trioproxy.lab.compare.run import compare
from trioproxy.lab.compare.semantics import Cause, Leaving, Semantics
from trioproxy.lab.compare.sweep import Contest, Contestant
from trioproxy.lab.explore.invariants import Invariant

QUESTION = "What does a flag get wrong?"
SEEDS = 6
POLICIES = ("abort", "linger:3", "drain")
FAULTS = ("leave", "break", "close", "leave+close")
SCENARIOS = ("paced", "leaver", "resend")
METHOD = """
The compact relay, pump in the house, once with the cause read from structure and once with a flag (the outcome is
decided by whoever notes a reason first: the departure, the upstream's error, the end, the shutdown). Every policy;
the stories `paced` (four reads, one a second), `leaver` (the client leaves after the first) and `resend` (it leaves and
asks again); the faults `leave`, `break`, `close` (the server's grace is over) and `leave+close` (both at once), struck
at every third step, so that three seeds visit each step once. Counted: runs in which a call, or a delivery, is booked
as something that did not end it, as judged from outside.
"""
FOLLOWS = """
Causes are read from structure (ADR 0005). A flag would do where calls never outlive their clients, at the price that
nobody can add a policy later without finding every writer.
"""
LIMITS = """
The judge accepts either cause where both happened before the call was closed, since nobody outside can tell which
came first: what a flag gets wrong within one instant is not counted here.
"""


def measure(seeds: int) -> Result:
    """Both causes under every policy."""
    contest = Contest(SCENARIOS, FAULTS, range(seeds), stride=3)
    everybody = [
        Contestant(Semantics(leaving=Leaving.of(policy), cause=cause)) for policy in POLICIES for cause in Cause
    ]
    wrong: dict[tuple[str, Cause], int] = {}
    rows = []
    for standing in compare(everybody, contest, draw=False):
        semantics = standing.contestant.semantics
        by_fault = {
            fault: sum(cell.broken.get(Invariant.RIGHT_ENDING, 0) for cell in standing.cells if cell.fault == fault)
            for fault in FAULTS
        }
        total = sum(by_fault.values())
        wrong[str(semantics.leaving), semantics.cause] = total
        rows.append((f"{semantics.leaving}, {semantics.cause}", standing.runs, *by_fault.values(), total))
    shown = grid(("policy, cause", "runs", *FAULTS, "wrong endings"), rows)
    return Result(
        (("Runs that book a wrong ending:", shown),),
        (
            Claim("Structure is never wrong.", not any(wrong[each, Cause.STRUCTURE] for each in POLICIES)),
            Claim("Under `abort` a flag is not wrong either.", not wrong["abort", Cause.FLAG]),
            Claim(
                "Under a policy that lets calls live on, a flag is wrong.",
                all(wrong[each, Cause.FLAG] for each in POLICIES[1:]),
            ),
        ),
    )
