"""A whole comparison: every contestant plays everything, and one example of each breach is played again and drawn.

contestants × contest ─▶ standings
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import trio

from trioproxy.errors import ConfigurationError
from trioproxy.lab.compare.combine import Combinations
from trioproxy.lab.compare.crew import share
from trioproxy.lab.compare.results import Example, Standing, run_id
from trioproxy.lab.compare.semantics import Semantics
from trioproxy.lab.compare.sweep import Contest, Contestant, timeline
from trioproxy.lab.compare.worker import Cell
from trioproxy.lab.explore.findings import Failure, Findings
from trioproxy.lab.explore.stage import Theatre

# Told after each cell, with how many there are in all.
Tell = Callable[[int, int], None]


def contestants(found: Combinations) -> list[Contestant]:
    """The proxy as it serves, once for each policy that was asked for, then the combinations."""
    usual = Semantics()
    ours = dict.fromkeys(
        Contestant(Semantics(leaving=each.leaving, again=each.again), ours=True)
        for each in (*found.possible, *(() if found.possible else (usual,)))
    )
    return [*ours, *(Contestant(each) for each in found.possible)]


def compare(
    everybody: Sequence[Contestant],
    contest: Contest,
    tell: Tell = lambda done, of: None,
    *,
    draw: bool = True,
    jobs: int = 1,
) -> list[Standing]:
    """Play all; the same for the same arguments, however many processes share it.

    Args:
        draw: play one example of each breach again, for its timeline; where one step is chosen, each cell's run of
            the first seed, too.
        jobs: 1 is this process.
    """
    theatre = Theatre()
    cells = [Cell.of(each, scenario, fault, contest) for each in everybody for scenario, fault in contest.cells]
    if jobs > 1:
        found = trio.run(share, cells, jobs, lambda done: tell(done, len(cells)))
    else:
        found = []
        for cell in cells:
            found.append(cell.sweep(theatre))
            tell(len(found), len(cells))
    each_has = len(cells) // max(1, len(everybody))
    standings = [
        Standing(contestant, found[number * each_has : (number + 1) * each_has])
        for number, contestant in enumerate(everybody)
    ]
    if draw:
        theatre.run(partial(_draw, theatre, standings, contest))
    return standings


async def _draw(theatre: Theatre, standings: Sequence[Standing], contest: Contest) -> None:
    for standing in standings:
        for invariant, failure in standing.first_failures():
            standing.examples[invariant] = await _example(theatre, standing, failure)
        if contest.step is not None:
            for cell in standing.cells:
                if cell.places and not cell.failures:
                    standing.unbroken.append(await _example(theatre, standing, _chosen(cell, contest, contest.step)))


def _chosen(cell: Findings, contest: Contest, step: int) -> Failure:
    """The run at the step that was chosen: nothing of it has failed."""
    faults = tuple(cell.fault.split("+"))
    return Failure(cell.scenario, faults, contest.seeds[0], (step,) * len(faults), breaches=())


async def _example(theatre: Theatre, standing: Standing, failure: Failure) -> Example:
    events = await timeline(theatre, standing.contestant, failure, run_id(standing, failure))
    return Example(failure, tuple(events))


def refuse_past_the_end(standings: Sequence[Standing], contest: Contest) -> None:
    """Nothing has been compared where no fault has struck.

    Raises:
        ConfigurationError: the one step that is to be played is past the end of every run.
    """
    struck = any(cell.places for standing in standings for cell in standing.cells)
    if contest.step is not None and not struck:
        raise ConfigurationError([f"option --step: got {contest.step}; expected one that runs reach: none is so long"])
