"""A channel that is closed says that no more will come, not that this was all. A reader that takes it for success
tells its client that a broken answer is whole, wherever the pump lives, unless somebody else tells it in time."""

from __future__ import annotations

from trioproxy.lab.compare.experiment import Claim, Result, grid
from trioproxy.lab.compare.run import compare
from trioproxy.lab.compare.semantics import End, Pump, Semantics
from trioproxy.lab.compare.sweep import Contest, Contestant
from trioproxy.lab.explore.invariants import Invariant

QUESTION = "What does the end of a channel say?"
SEEDS = 6
SCENARIOS = ("closed", "reset", "garbled", "silent")
PUMPS = (Pump.HOUSE, Pump.REQUEST, Pump.NESTED)
METHOD = """
Upstreams that break an event stream off (FIN, RST, a garbled chunk, silence), and a reset at every third step of each,
so that three seeds visit each step once. The reader either asks for a mark that the pump sets once the body has ended
as framed, or takes the closed channel for the end. A lie is a clean end for the client after less than the whole body.
"""
FOLLOWS = """
The end of the memory channel is not success; only the mark that `Seat.end` sets without a failure is (ADR 0005).
"""
LIMITS = """
The pump closes the channel synchronously. One that closes it by an `await` (`async with channel`) loses the failure of
a whole group of tasks to the cancellation that the reader starts, which is the same lie by another way. In the nested
generator the failed pump cancels the nursery around the reader as well, which is why it is better than it deserves.
"""


def measure(seeds: int) -> Result:
    """Both ends, three pumps."""
    contest = Contest(SCENARIOS, ("break",), range(seeds), stride=3)
    everybody = [Contestant(Semantics(pump, end=end)) for end in End for pump in PUMPS]
    lies: dict[tuple[End, Pump], int] = {}
    rows = []
    for standing in compare(everybody, contest, draw=False):
        semantics = standing.contestant.semantics
        by_story = {
            name: sum(cell.broken.get(Invariant.WHOLE, 0) for cell in standing.cells if cell.scenario == name)
            for name in SCENARIOS
        }
        lies[semantics.end, semantics.pump] = total = sum(by_story.values())
        rows.append((f"{semantics.end}, {semantics.pump}", standing.runs, *by_story.values(), total))
    return Result(
        (
            (
                "Runs in which a client was given a clean end to a broken answer:",
                grid(("end, pump", "runs", *SCENARIOS, "lies"), rows),
            ),
        ),
        (
            Claim("With the mark nobody is lied to.", not any(lies[End.MARK, pump] for pump in PUMPS)),
            Claim(
                "Who takes a closed channel for the end lies, in the house and in the request.",
                all(lies[End.CLOSED, pump] for pump in PUMPS[:2]),
            ),
            Claim(
                "A nursery around the reader hides it: fewer lies than elsewhere.",
                lies[End.CLOSED, Pump.NESTED] < lies[End.CLOSED, Pump.HOUSE],
            ),
        ),
    )
