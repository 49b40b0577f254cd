"""`trioproxy lab compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import BinaryIO

    from trioproxy.lab.compare.combine import Combinations
    from trioproxy.lab.compare.results import Example, Standing
    from trioproxy.lab.compare.sweep import Contest
    from trioproxy.trace.records import Record

EXAMPLES = """Examples:
  trioproxy lab compare                                 where the pump lives
  trioproxy lab compare --list                          the experiments
  trioproxy lab compare what_a_flag_gets_wrong
  trioproxy lab compare --pump house --cause structure,flag --policy drain
  trioproxy lab compare --settle unshielded --fault leave --examples
"""
_PUMP = "Who reads the upstream: house, request, generator, nested (all of them)."
_POLICY = "What a departure does to the call: abort, linger:SECONDS, drain[:SECONDS] (abort)."
_SETTLE = "How a row is booked: enqueue, or the commit awaited: shielded:SECONDS, unshielded (enqueue)."
_CHANNEL = "What may wait for a client: a number of chunks, or a size such as 32KiB (32KiB)."
_CAUSE = "What decides why a call ended: structure, or a flag that the first writes (structure)."
_END = "What a reader takes for the whole body: the pump's mark, the closed channel (mark)."
_FOLLOW = "Which of several clients the pump waits for: fastest, slowest (fastest)."
_AGAIN = "What the same request does while its call lives: pays for another, joins it (pays)."
_SCENARIO = "The stories, by the names of `explore --list`."
_OUT = "The results file (JSON Lines); else lab-compare-<date>.jsonl, here."
_FAULT = "What happens at every step; two at once as leave+close."
USUAL_SEEDS = 3

_Axis = list[str] | None


def compare(
    experiment: Annotated[str | None, Parameter(help="Run this experiment, and nothing else.")] = None,
    /,
    *,
    list_: Annotated[bool, Parameter(name="--list", negative="", show_default=False, help="Show the experiments.")] = (
        False
    ),
    pump: Annotated[_Axis, Parameter(negative=(), help=_PUMP)] = None,
    policy: Annotated[_Axis, Parameter(negative=(), help=_POLICY)] = None,
    settle: Annotated[_Axis, Parameter(negative=(), help=_SETTLE)] = None,
    channel: Annotated[_Axis, Parameter(negative=(), help=_CHANNEL)] = None,
    cause: Annotated[_Axis, Parameter(negative=(), help=_CAUSE)] = None,
    end: Annotated[_Axis, Parameter(negative=(), help=_END)] = None,
    follow: Annotated[_Axis, Parameter(negative=(), help=_FOLLOW)] = None,
    again: Annotated[_Axis, Parameter(negative=(), help=_AGAIN)] = None,
    scenario: Annotated[_Axis, Parameter(negative=(), help=_SCENARIO)] = None,
    fault: Annotated[_Axis, Parameter(negative=(), help=_FAULT)] = None,
    seeds: Annotated[int | None, Parameter(validator=Number(gte=1), help="Scheduler seeds (3).")] = None,
    seed: Annotated[int | None, Parameter(validator=Number(gte=0), help="This seed alone.")] = None,
    step: Annotated[int | None, Parameter(validator=Number(gte=0), help="This step alone.")] = None,
    jobs: Annotated[int | None, Parameter(validator=Number(gte=1), help="Processes; else one for each core.")] = None,
    examples: Annotated[
        bool,
        Parameter(negative="", show_default=False, help="Print one timeline of each breach (--step: of each run)."),
    ] = False,
    out: Annotated[str | None, Parameter(help=_OUT)] = None,
) -> int:
    """Play the same cases to relays that differ in one thing or several.

    Options that take several values take them with commas between, or again. All
    combinations of the axes' values, and the proxy as it serves, are played every
    scenario with every fault at every step. The table says which invariant each
    breaks, in how many runs. An experiment asks one question of them, and has a
    page in docs/experiments/.
    """
    from trioproxy.lab.asked import alone, several
    from trioproxy.lab.results_file import results_path

    axes = {
        "pump": pump,
        "policy": policy,
        "settle": settle,
        "channel": channel,
        "cause": cause,
        "end": end,
        "follow": follow,
        "again": again,
    }
    wished: dict[str, object] = {
        **{f"option --{name}": values for name, values in axes.items()},
        "option --scenario": scenario,
        "option --fault": fault,
        "option --seeds": seeds,
        "option --seed": seed,
        "option --step": step,
        "option --jobs": jobs,
        "option --examples": examples,
    }
    path = results_path("compare", out)
    if list_:
        alone("--list", {"EXPERIMENT": experiment, **wished, "option --out": out})
        return _list()
    if experiment is not None:
        alone("EXPERIMENT", wished)
        return _experiment(experiment, path)
    if seed is not None:
        alone("--seed", {"option --seeds": seeds})
    from trioproxy.lab.compare.combine import combinations
    from trioproxy.lab.compare.semantics import Pump
    from trioproxy.lab.compare.sweep import USUAL_FAULTS, USUAL_SCENARIOS, Contest

    contest = Contest(
        scenarios=several(scenario) or USUAL_SCENARIOS,
        faults=several(fault) or USUAL_FAULTS,
        seeds=range(seeds or USUAL_SEEDS) if seed is None else (seed,),
        step=step,
    )
    asked = {name: several(values) for name, values in axes.items()}
    asked["pump"] = asked["pump"] or tuple(Pump)
    return _run(combinations(asked), contest, path, jobs=jobs, examples=examples)


def _list() -> int:
    from trioproxy.cli.drawing import console
    from trioproxy.lab.compare.experiment import find, names

    for name in names():
        console().print(f"{name}\n    {find(name).QUESTION}")
    return 0


def _experiment(name: str, path: Path) -> int:
    """Ask one question; the exit status says nothing of whether the hypothesis held."""
    from trioproxy.cli.drawing import console, draw
    from trioproxy.lab.compare.experiment import figures, find, hypothesis
    from trioproxy.lab.results_file import opened

    experiment, screen = find(name), console()
    with opened(path) as file:
        screen.print(f"{experiment.QUESTION}\n\n{hypothesis(experiment)}\n")
        with screen.status("measuring"):
            result = experiment.measure(experiment.SEEDS)
        _write(figures(name, result), file)
    for words, shown in result.tables:
        screen.print(words)
        draw(shown.table, screen)
    for claim in result.claims:
        screen.print(f"{'holds' if claim.holds else 'does not hold':>13}  {claim.words}")
    screen.print(f"results are in {path}")
    return 0


def _write(records: Iterable[Record], file: BinaryIO) -> None:
    import sys

    from trioproxy.lab.compare.results import LAB
    from trioproxy.lab.header import IN_PROCESS, header, versions_of
    from trioproxy.trace.files import write

    write([header(LAB, ["trioproxy", *sys.argv[1:]], versions_of(IN_PROCESS)), *records], file)


def _run(found: Combinations, contest: Contest, path: Path, *, jobs: int | None, examples: bool) -> int:
    import os

    from trioproxy.cli.drawing import console, draw
    from trioproxy.lab.compare.results import records, table
    from trioproxy.lab.compare.run import compare as play
    from trioproxy.lab.compare.run import contestants, refuse_past_the_end
    from trioproxy.lab.progress import bar
    from trioproxy.lab.results_file import opened

    with opened(path) as file:
        with bar("comparing") as tell:
            standings = play(contestants(found), contest, tell, jobs=jobs or os.cpu_count() or 1)
        refuse_past_the_end(standings, contest)
        _write(records(standings), file)
    screen = console()
    draw(table(standings), screen)
    for words in found.impossible:
        screen.print(f"left out: {words}")
    if examples:
        _show(standings)
    screen.print(f"results are in {path}")
    return 0


def _show(standings: list[Standing]) -> None:
    """One timeline of each breach, lane by lane; of a chosen step also where nothing was broken."""
    for standing in standings:
        for invariant, example in standing.examples.items():
            said = next(words for name, words in example.failure.breaches if name == invariant)
            _show_one(standing, example, f"{invariant}: {said}")
        for example in standing.unbroken:
            _show_one(standing, example, "nothing was broken")


def _show_one(standing: Standing, example: Example, said: str) -> None:
    from trioproxy.lab.compare.results import repeat
    from trioproxy.lab.explore.screen import Screen

    screen = Screen()
    screen.say("", f"{standing.contestant.name}: {said}")
    screen.timeline(example.events)
    screen.say(f"  again: {repeat(standing.contestant, example.failure)}")
