"""An end that awaits its commit loses the row where the awaiting task is cancelled: in a generator at every departure,
in a task of its own only when the server stops. A shield keeps the row as long as the commit is faster than its
deadline; beyond that it loses the row and costs the deadline as well. Enqueueing loses and waits for nothing."""

from __future__ import annotations

from trioproxy.lab.compare.experiment import Claim, Result, grid
from trioproxy.lab.compare.semantics import Pump, Semantics, Settle
from trioproxy.lab.compare.sweep import Contest, Contestant, played
from trioproxy.lab.explore.stage import Happened, Theatre

QUESTION = "What does an unshielded settle lose?"
SEEDS = 3
SETTLES = ("enqueue", "shielded:0.3", "unshielded")
PUMPS = (Pump.HOUSE, Pump.REQUEST, Pump.GENERATOR)
COMMITS_S = (0.02, 1.0)
METHOD = """
Three manners of settling (a synchronous enqueue; an awaited commit under a shield of 0.3 s; an awaited commit without
one), three places for the pump, a ledger whose commit takes 20 ms, and one that is slow (1 s). The story `paced` with
a departure, and with the end of the server's grace, at every third step, so that three seeds visit each step once. A
row is lost if its call or exchange was opened, or its request answered, and it was never settled. The delay is the
longest time from what happened until nothing of the request was left.
"""
FOLLOWS = """
Settling is enqueueing (ADR 0006). Where somebody has to await a commit, it belongs into a task that no client can
cancel, with a shield, and the deadline of the shield is a promise to lose rows in an outage.
"""
LIMITS = """
The commit can be cancelled until it is over, as one over a network can. A thread that writes a file cannot: then the
deadline of a shield is not kept, and the delay is that of the commit.
What a writer loses that enqueued rows wait for (a killed process) is not part of this; see `tests/store/test_crash.py`.
"""


def measure(seeds: int) -> Result:
    """Every manner, place and ledger."""
    lost: dict[tuple[str, Pump, float, str], tuple[int, float]] = {}
    rows = []
    for commit_s in COMMITS_S:
        for settle in SETTLES:
            for pump in PUMPS:
                contestant = Contestant(Semantics(pump, settle=Settle.of(settle)), commit_s=commit_s)
                found = []
                for fault in ("leave", "close"):
                    count, delay_s, runs = _play(contestant, fault, seeds)
                    lost[settle, pump, commit_s, fault] = count, delay_s
                    found += [f"{count} of {runs}", f"{delay_s:.2f}"]
                rows.append((f"{settle}, {pump}, commit of {commit_s:g} s", *found))
    columns = (
        "settling, pump, ledger",
        "rows lost, client left",
        "delay, s",
        "rows lost, server stopped",
        "delay, s",
    )

    def rows_lost(settle: str, fault: str, commit_s: float = COMMITS_S[0]) -> list[int]:
        return [lost[settle, pump, commit_s, fault][0] for pump in PUMPS]

    owned = [lost["unshielded", pump, COMMITS_S[0], "leave"][0] for pump in PUMPS[:2]]
    return Result(
        (("Runs in which a row was lost, and the longest delay:", grid(columns, rows)),),
        (
            Claim(
                "An enqueue loses nothing in a task of its own, however slow the ledger.",
                not any(
                    lost["enqueue", pump, each, fault][0]
                    for pump in PUMPS[:2]
                    for each in COMMITS_S
                    for fault in ("leave", "close")
                ),
            ),
            Claim(
                "Without a shield, a generator loses rows when its client leaves, most of all.",
                lost["unshielded", Pump.GENERATOR, COMMITS_S[0], "leave"][0] > max(owned),
            ),
            Claim("Without a shield, a task of its own loses no row to a client that leaves.", not any(owned)),
            Claim(
                "Without a shield, everybody loses rows when the server stops.", all(rows_lost("unshielded", "close"))
            ),
            Claim(
                "A shield keeps what commits in time, in a task of its own.",
                not any(rows_lost("shielded:0.3", "close")[:2]),
            ),
            Claim(
                "A slow commit outlives the shield: rows are lost, and the deadline is waited for as well.",
                all(rows_lost("shielded:0.3", "close", COMMITS_S[1]))
                and lost["shielded:0.3", Pump.HOUSE, COMMITS_S[1], "close"][1] >= 0.3,
            ),
        ),
    )


def _play(contestant: Contestant, fault: str, seeds: int) -> tuple[int, float, int]:
    """Runs in which a row was lost, the longest delay, and how many runs there were."""
    contest = Contest(("paced",), (fault,), range(seeds), stride=3)
    theatre = Theatre()

    async def main() -> list[tuple[bool, float]]:
        runs = played(theatre, contestant, "paced", fault, contest)
        return [(_lost(happened), _delay_s(happened)) async for happened in runs if happened.struck]

    found = theatre.run(main)
    return sum(lost for lost, _ in found), max(delay for _, delay in found), len(found)


def _lost(happened: Happened) -> bool:
    books = happened.books
    settled = {booked.receipt.opening.id for booked in books.calls}
    return any(row.call.id not in settled for row in books.opened) or len(books.exchanges) < len(happened.visits)


def _delay_s(happened: Happened) -> float:
    """From what happened until nothing was left; 0 where the story had its own end first."""
    finished = any(visit.finished for visit in happened.visits)
    return 0.0 if finished else happened.over_at - happened.struck_at[0]
