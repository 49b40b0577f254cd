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
  trioproxy lab compare --list
  trioproxy lab compare what_a_flag_gets_wrong
  trioproxy lab compare                                   where the pump lives
  trioproxy lab compare --pump house --cause structure,flag --policy abort,linger:10
  trioproxy lab compare --pump generator --settle enqueue,unshielded --fault leave --examples
"""
_PUMPS = "house,request,generator,nested"


def compare(
    experiment: Annotated[str | None, Parameter(help="Run this experiment, and nothing else.")] = None,
    /,
    *,
    list_: Annotated[bool, Parameter(name="--list", negative="", show_default=False, help="Show the experiments.")] = (
        False
    ),
    pump: Annotated[str, Parameter(help="Who reads the upstream: house, request, generator, nested.")] = _PUMPS,
    policy: Annotated[str, Parameter(help="abort, linger:SECONDS, drain[:SECONDS].")] = "abort",
    settle: Annotated[str, Parameter(help="enqueue, shielded:SECONDS, unshielded.")] = "enqueue",
    channel: Annotated[str, Parameter(help="What may wait: a number of chunks, or a size such as 32KiB.")] = "32KiB",
    cause: Annotated[str, Parameter(help="structure, flag.")] = "structure",
    end: Annotated[str, Parameter(help="What ends a body: mark, closed.")] = "mark",
    follow: Annotated[str, Parameter(help="Of several clients: fastest, slowest.")] = "fastest",
    again: Annotated[str, Parameter(help="The same request again: pays, joins.")] = "pays",
    scenario: Annotated[str | None, Parameter(help="What is told; names of `explore`'s scenarios.")] = None,
    fault: Annotated[str | None, Parameter(help="What happens at every step; two at once as leave+close.")] = None,
    seeds: Annotated[int, Parameter(validator=Number(gte=1), help="Scheduler seeds.")] = 3,
    seed: Annotated[int | None, Parameter(validator=Number(gte=0), help="This seed alone.")] = None,
    step: Annotated[int | None, Parameter(validator=Number(gte=0), help="This step alone.")] = None,
    jobs: Annotated[int | None, Parameter(validator=Number(gte=1), help="Processes; else one for each core.")] = None,
    examples: Annotated[
        bool, Parameter(negative="", show_default=False, help="Print one timeline of each breach.")
    ] = False,
    out: Annotated[str | None, Parameter(help="Write tallies, runs and timelines there (JSON Lines).")] = None,
) -> int:
    """Play the same cases to relays that differ in one thing or several.

    Each axis takes values with commas between; all combinations of them, and the
    proxy as it serves, are played every scenario with every fault at every step.
    The table says which invariant each breaks, in how many runs. An experiment asks
    one question of them, and has a page in docs/experiments/.
    """
    if list_:
        return _list()
    if experiment is not None:
        return _experiment(experiment)
    from trioproxy.lab.compare.combine import combinations
    from trioproxy.lab.compare.sweep import USUAL_FAULTS, USUAL_SCENARIOS, Contest

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
    contest = Contest(
        scenarios=_names(scenario) or USUAL_SCENARIOS,
        faults=_names(fault) or USUAL_FAULTS,
        seeds=range(seeds) if seed is None else (seed,),
        step=step,
    )
    return _run(combinations(axes), contest, out, jobs=jobs, examples=examples)


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


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.strip() for each in text.split(","))) if text else ()


def _run(found: Combinations, contest: Contest, out: str | None, *, jobs: int | None, examples: bool) -> int:
    import os
    import sys
    from pathlib import Path

    from trioproxy.cli.drawing import console, draw
    from trioproxy.cli.lab.progress import bar
    from trioproxy.errors import ConfigurationError
    from trioproxy.lab.compare.results import LAB, records, table
    from trioproxy.lab.compare.run import compare as play
    from trioproxy.lab.compare.run import contestants
    from trioproxy.lab.header import IN_PROCESS, header, versions_of
    from trioproxy.trace.files import write

    try:
        if out:  # now: not after minutes of work
            Path(out).write_bytes(b"")
    except OSError as error:
        raise ConfigurationError([f"option --out: cannot write {out}: {error.strerror}"]) from None
    with bar("comparing") as tell:
        standings = play(contestants(found), contest, tell, jobs=jobs or os.cpu_count() or 1)
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
