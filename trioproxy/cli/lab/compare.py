"""`trioproxy lab compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

if TYPE_CHECKING:
    from trioproxy.lab.compare.combine import Combinations
    from trioproxy.lab.compare.results import Standing
    from trioproxy.lab.compare.sweep import Contest

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
        bool, Parameter(negative="", show_default=False, help="Print one timeline of each breach.")
    ] = False,
    out: Annotated[str | None, Parameter(help="Write tallies, runs and timelines there (JSON Lines).")] = None,
) -> int:
    """Play the same cases to relays that differ in one thing or several.

    Options that take several values take them with commas between, or again. All
    combinations of the axes' values, and the proxy as it serves, are played every
    scenario with every fault at every step. The table says which invariant each
    breaks, in how many runs. An experiment asks one question of them, and has a
    page in docs/experiments/.
    """
    from trioproxy.lab.asked import alone, several

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
        "option --out": out,
    }
    if list_:
        alone("--list", {"EXPERIMENT": experiment, **wished})
        return _list()
    if experiment is not None:
        alone("EXPERIMENT", wished)
        return _experiment(experiment)
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
    return _run(combinations(asked), contest, out, jobs=jobs, examples=examples)


def _list() -> int:
    from trioproxy.cli.drawing import console
    from trioproxy.lab.compare.experiment import find, names

    for name in names():
        console().print(f"{name}\n    {find(name).QUESTION}")
    return 0


def _experiment(name: str) -> int:
    """Ask one question; the exit status says nothing of whether the hypothesis held."""
    from trioproxy.cli.drawing import console, draw
    from trioproxy.lab.compare.experiment import find, hypothesis

    experiment, screen = find(name), console()
    screen.print(f"{experiment.QUESTION}\n\n{hypothesis(experiment)}\n")
    with screen.status("measuring"):
        result = experiment.measure(experiment.SEEDS)
    for words, shown in result.tables:
        screen.print(words)
        draw(shown, screen)
    for claim in result.claims:
        screen.print(f"{'holds' if claim.holds else 'does not hold':>13}  {claim.words}")
    return 0


def _run(found: Combinations, contest: Contest, out: str | None, *, jobs: int | None, examples: bool) -> int:
    import os
    import sys
    from pathlib import Path

    from trioproxy.cli.drawing import console, draw
    from trioproxy.cli.lab.progress import bar
    from trioproxy.errors import ConfigurationError
    from trioproxy.lab.compare.results import LAB, records, table
    from trioproxy.lab.compare.run import compare as play
    from trioproxy.lab.compare.run import contestants, refuse_past_the_end
    from trioproxy.lab.header import IN_PROCESS, header, versions_of
    from trioproxy.trace.files import write

    try:
        if out:  # now: not after minutes of work
            Path(out).write_bytes(b"")
    except OSError as error:
        raise ConfigurationError([f"option --out: cannot write {out}: {error.strerror}"]) from None
    with bar("comparing") as tell:
        standings = play(contestants(found), contest, tell, jobs=jobs or os.cpu_count() or 1)
    refuse_past_the_end(standings, contest)
    screen = console()
    draw(table(standings), screen)
    for words in found.impossible:
        screen.print(f"left out: {words}")
    if examples:
        _show(standings)
    if out:
        with Path(out).open("wb") as file:
            command = ["trioproxy", *sys.argv[1:]]
            write([header(LAB, command, versions_of(IN_PROCESS)), *records(standings)], file)
        screen.print(f"results are in {out}")
    return 0


def _show(standings: list[Standing]) -> None:
    """One timeline of each breach, lane by lane."""
    from trioproxy.cli.drawing import console
    from trioproxy.lab.compare.results import repeat

    screen = console()
    for standing in standings:
        for invariant, example in standing.examples.items():
            said = next(words for name, words in example.failure.breaches if name == invariant)
            screen.print(f"\n{standing.contestant.name}: {invariant}: {said}")
            screen.print(repeat(standing.contestant, example.failure))
            for event in example.events:
                size = f" {event.size_bytes} bytes" if event.size_bytes else ""
                who = f" {event.who}" if event.who else ""
                note = f" {event.note}" if event.note else ""
                screen.print(f"{event.at_s:9.3f} s  {event.lane + who:<10} {event.what}{size}{note}")
