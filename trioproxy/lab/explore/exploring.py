"""`trioproxy lab explore` from the wish to the exit status."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

import trio

from trioproxy.errors import ConfigurationError
from trioproxy.lab import stories
from trioproxy.lab.explore.case import Case, Scenario
from trioproxy.lab.explore.crew import share
from trioproxy.lab.explore.engine import strikes
from trioproxy.lab.explore.faults import FAULTS
from trioproxy.lab.explore.findings import Failure, Findings, Total
from trioproxy.lab.explore.hunting import Hunt, hunt_all
from trioproxy.lab.explore.mutants import MUTANTS
from trioproxy.lab.explore.parts import NOTHING, Part, Wish, parts
from trioproxy.lab.explore.records import a_run, hunted, tallies
from trioproxy.lab.explore.retelling import Rerun, retell, shrink
from trioproxy.lab.explore.scenarios import SCENARIOS
from trioproxy.lab.explore.screen import Screen
from trioproxy.lab.explore.stories import find
from trioproxy.lab.explore.working import found
from trioproxy.lab.header import IN_PROCESS, header, versions_of
from trioproxy.lab.progress import bar
from trioproxy.lab.results_file import opened
from trioproxy.lab.script.toml import write_story
from trioproxy.trace.files import line, write
from trioproxy.trace.records import Record

# So many failing runs are told; the rest is counted.
MOST_TOLD = 3
MOST_WRITTEN = 100

Write = Callable[[Record], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be explored, and how.

    Args:
        out: the results file.
        most_runs: stop after about so many; None: when all is done.
        command: how this was asked for.
    """

    wish: Wish
    jobs: int
    out: Path
    most_runs: int | None = None
    command: Sequence[str] = ()


def explore(order: Order, screen: Screen) -> int:
    """Explore, and tell what was found. Returns 1 if an invariant was broken, else 0.

    Raises:
        ConfigurationError: something is wished for that is not there, or at a step past the end; or `out` cannot be
            written.
    """
    scenarios = {name: find(name) for name in order.wish.scenarios}
    todo = list(parts(order.wish, scenarios))
    if not todo:
        raise ConfigurationError(["--fault: none of them means anything to these scenarios"])
    with ExitStack() as stack:
        write = _writer(order, stack)
        began = time.perf_counter()
        total = _shared(order, todo)
        screen.total(total, time.perf_counter() - began)
        for tally in tallies(total, found(order.wish.subject).name):
            write(tally)
        if order.wish.steps is not None:
            _refuse_past_the_end(order, total, todo, scenarios)
            _tell_one(order, todo, scenarios, screen, write)
        _tell_failures(order, total, scenarios, screen, write)
    screen.say(f"results are in {order.out}")
    return 1 if total.broken else 0


def _writer(order: Order, stack: ExitStack) -> Write:
    file = stack.enter_context(opened(order.out))

    def tell(record: Record) -> None:
        file.write(line(record))

    tell(header("explore", order.command, versions_of(IN_PROCESS)))
    return tell


def _shared(order: Order, todo: Sequence[Part]) -> Total:
    total, done = Total(), count(1)
    with bar("exploring") as show:

        def tell(findings: list[Findings]) -> bool:
            for each in findings:
                total.add(each)
            broken = f", {sum(total.broken.values()):,} broken" if total.broken else ""
            show(next(done), len(todo), f"{total.runs:,} runs{broken}")
            return order.most_runs is None or total.runs < order.most_runs

        trio.run(share, iter(todo), min(order.jobs, len(todo)), tell)
    return total


def _refuse_past_the_end(order: Order, total: Total, todo: Sequence[Part], scenarios: dict[str, Scenario]) -> None:
    """Nothing has been tried where no fault has struck: those steps are not reached."""
    if any(cell.places or cell.fault == NOTHING for cell in total.cells.values()):
        return
    part = todo[0]
    case = Case(scenarios[part.scenario], part.seed, strikes(part, part.steps or ()))
    last = retell(found(order.wish.subject), case, "run").happened.steps - 1
    asked = ",".join(map(str, part.steps or ()))
    raise ConfigurationError([f"option --step: got {asked}; expected 0 to {last}, the last of {part.scenario}"])


def _tell_one(order: Order, todo: Sequence[Part], scenarios: dict[str, Scenario], screen: Screen, write: Write) -> None:
    """The one run that was asked for; one that broke something is told as a failure."""
    part = todo[0]
    told = Failure(part.scenario, part.faults, part.seed, part.steps or (), breaches=())
    again = retell(found(order.wish.subject), case_of(told, scenarios[part.scenario]), told.id)
    if again.broken:
        return
    screen.timeline(again.events)
    _write_run(order, told, again, write)


def _write_run(order: Order, told: Failure, again: Rerun, write: Write) -> None:
    subject, story = found(order.wish.subject).name, write_story(again.case.story)
    for record in a_run(told, again, subject=subject, repeat=command_for(told), script=story):
        write(record)


def _tell_failures(order: Order, total: Total, scenarios: dict[str, Scenario], screen: Screen, write: Write) -> None:
    subject = found(order.wish.subject)
    shown: set[str] = set()
    for failure in total.failures[:MOST_WRITTEN]:
        scenario = scenarios[failure.scenario]
        again = retell(subject, case_of(failure, scenario), failure.id)
        _write_run(order, failure, again, write)
        new = {name for name, _ in failure.breaches} - shown
        if new and len(shown) < MOST_TOLD:
            shown |= new
            screen.failure(failure, again.events, command_for(failure))
            _tell_smallest(order, failure, scenario, again, screen)


def _tell_smallest(order: Order, failure: Failure, scenario: Scenario, again: Rerun, screen: Screen) -> None:
    if not again.broken:
        screen.say("  it did not break again: the run is not the same each time")
        return
    smallest, how = shrink(found(order.wish.subject), scenario, failure)
    conditions = failure.scenario.rpartition("@")[2]
    under = conditions if conditions in SCENARIOS else ""
    told_as = f"story.toml@{under}" if under else "story.toml"
    screen.smallest(how, write_story(smallest.story), command_for(how, told_as))


def case_of(failure: Failure, scenario: Scenario) -> Case:
    """The run in which something was broken."""
    part = Part(failure.scenario, failure.seed, failure.faults)
    return Case(scenario, failure.seed, strikes(part, failure.steps))


def command_for(failure: Failure, scenario: str | None = None) -> str:
    """The command that runs it again."""
    words = ["trioproxy", "lab", "explore", "--scenario", scenario or failure.scenario, "--seed", str(failure.seed)]
    if failure.faults:
        words += ["--fault", "+".join(failure.faults), "--step", ",".join(map(str, failure.steps))]
    else:
        words += ["--fault", "nothing"]
    return shlex.join(words)


def hunt_mutants(names: Sequence[str], jobs: int, out: Path, command: Sequence[str], screen: Screen) -> int:
    """Look for deliberate bugs, all of them if none is named. Returns 1 if one was not found, else 0.

    Raises:
        ConfigurationError: `out` cannot be written.
    """
    mutants = [MUTANTS[name] for name in names or MUTANTS]
    file = opened(out)
    hunts: list[Hunt] = []
    with file, bar("hunting") as show:

        def tell(hunt: Hunt) -> None:
            hunts.append(hunt)
            show(len(hunts), len(mutants), hunt.mutant.name)

        trio.run(hunt_all, mutants, jobs, tell)
        hunts.sort(key=lambda hunt: mutants.index(hunt.mutant))
        write([header("explore", command, versions_of(IN_PROCESS)), *chain.from_iterable(map(hunted, hunts))], file)
    screen.hunts(hunts)
    screen.say(f"results are in {out}")
    return 0 if all(hunt.caught for hunt in hunts) else 1


def show_list(screen: Screen) -> int:
    """What there is to be explored."""
    screen.lists(SCENARIOS.values(), FAULTS.values())
    screen.say("--scenario takes the stories that come with the lab as well (docs/lab/stories.md):", *stories.names())
    return 0
