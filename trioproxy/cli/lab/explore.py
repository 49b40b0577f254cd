"""`trioproxy lab explore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

EXAMPLES = """Examples:
  trioproxy lab explore                               some 100,000 runs
  trioproxy lab explore --scenario join --seeds 50 --pairs 500
  trioproxy lab explore --scenario paced --fault leave --seed 3 --step 17
  trioproxy lab explore --scenario upstream_reset,mine.toml@linger
  trioproxy lab explore --mutants                     does it find bugs?
"""
_SCENARIO = (
    "Only these: names, shipped stories, files FILE.toml; @NAME behind one: as that scenario is configured. "
    "Commas between, or again."
)
_FAULT = "Only these; a pair: leave+close. Commas between, or again."
_OUT = "The results file (JSON Lines); else lab-explore-<date>.jsonl, here."
_STEP = "With one --fault: this step alone; for a pair two: 12,40."
USUAL_SEEDS = 5
USUAL_PAIRS = 40


def explore(
    *,
    scenario: Annotated[list[str] | None, Parameter(negative=(), help=_SCENARIO)] = None,
    fault: Annotated[list[str] | None, Parameter(negative=(), help=_FAULT)] = None,
    seeds: Annotated[
        int | None, Parameter(validator=Number(gte=1), help="How many scheduler seeds, from 0 on (5).")
    ] = None,
    seed: Annotated[int | None, Parameter(validator=Number(gte=0), help="This scheduler seed alone.")] = None,
    step: Annotated[str | None, Parameter(help=_STEP)] = None,
    pairs: Annotated[
        int | None, Parameter(validator=Number(gte=0), help="Pairs of faults, sampled for each scenario and seed (40).")
    ] = None,
    runs: Annotated[int | None, Parameter(validator=Number(gte=1), help="Stop after about so many runs.")] = None,
    jobs: Annotated[int | None, Parameter(validator=Number(gte=1), help="Processes; one a core by default.")] = None,
    out: Annotated[Path | None, Parameter(help=_OUT)] = None,
    list_: Annotated[
        bool, Parameter(name="--list", negative="", show_default=False, help="Show the scenarios and faults.")
    ] = False,
    mutants: Annotated[
        bool, Parameter(negative="", show_default=False, help="Look for deliberate bugs in copies of the proxy.")
    ] = False,
) -> int:
    """Break the proxy's surroundings at every step, and see whether it keeps its promises.

    For each scheduler seed and each step that any task takes, an exchange is run
    again in one process on a virtual clock, and at exactly that step the client
    leaves, the upstream breaks, the server stops, or the ledger fails. Exit status
    1 if an invariant was broken.
    """
    import os
    import sys

    from trioproxy.lab.asked import alone, several
    from trioproxy.lab.explore.exploring import Order, hunt_mutants, show_list
    from trioproxy.lab.explore.exploring import explore as explore_all
    from trioproxy.lab.explore.parts import Wish
    from trioproxy.lab.explore.scenarios import SCENARIOS
    from trioproxy.lab.explore.screen import Screen
    from trioproxy.lab.results_file import results_path

    wished: dict[str, object] = {
        "option --scenario": scenario,
        "option --fault": fault,
        "option --seeds": seeds,
        "option --seed": seed,
        "option --step": step,
        "option --pairs": pairs,
        "option --runs": runs,
    }
    at_a_time = jobs or len(os.sched_getaffinity(0))
    results, command = results_path("explore", out), ["trioproxy", *sys.argv[1:]]
    if list_:
        alone("--list", {**wished, "option --jobs": jobs, "option --mutants": mutants, "option --out": out})
        return show_list(Screen())
    if mutants:
        alone("--mutants", wished)
        return hunt_mutants((), at_a_time, results, command, Screen())
    if seed is not None:
        alone("--seed", {"option --seeds": seeds})
    if step is not None:
        alone("--step", {"option --pairs": pairs})
    wish = Wish(
        scenarios=several(scenario) or list(SCENARIOS),
        faults=several(fault),
        seeds=range(seeds or USUAL_SEEDS) if seed is None else [seed],
        pairs=0 if step is not None else USUAL_PAIRS if pairs is None else pairs,
        steps=_steps(step) if step is not None else None,
    )
    return explore_all(Order(wish, at_a_time, results, runs, command), Screen())


def _steps(text: str) -> tuple[int, ...]:
    from trioproxy.errors import ConfigurationError

    try:
        return tuple(int(each) for each in text.split(","))
    except ValueError:
        raise ConfigurationError([f"option --step: got {text!r}; expected a number, or two: 12,40"]) from None
