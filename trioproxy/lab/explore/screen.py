"""What an exploration puts on the terminal; plain text where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from trioproxy.lab.explore.case import Fault, Scenario
from trioproxy.lab.explore.findings import Failure, Total
from trioproxy.lab.explore.hunting import Hunt
from trioproxy.trace.records import Event, Lane, What

_ANY_WIDTH = 200
_MOST_ENDINGS = 12


class Screen:
    """Prints as it is told."""

    def __init__(self, console: Console | None = None) -> None:
        plain = Console(highlight=False, markup=False)
        self._console = console or (
            plain if plain.is_terminal else Console(highlight=False, markup=False, width=_ANY_WIDTH)
        )

    def say(self, *lines: str) -> None:
        """Lines as they are."""
        for line in lines:
            self._console.print(Text(line), soft_wrap=True)

    def lists(self, scenarios: Iterable[Scenario], faults: Iterable[Fault]) -> None:
        """What there is to be explored."""
        for title, rows in (("scenario", scenarios), ("fault", faults)):
            table = _table(title, "what it is")
            for row in rows:
                table.add_row(row.name, row.words)
            self._console.print(table)
            self._console.print()

    def total(self, total: Total, took_s: float) -> None:
        """What all runs came to."""
        table = _table("scenario", "runs", "schedules", "steps", "broken")
        for name in dict.fromkeys(scenario for scenario, _ in total.cells):
            cells = [cell for (scenario, _), cell in total.cells.items() if scenario == name]
            broken = sum(sum(cell.broken.values()) for cell in cells)
            runs = f"{sum(cell.runs for cell in cells):,}"
            style = "red" if broken else ""
            counted = (f"{total.schedules(name):,}", f"{total.places(name):,}", f"{broken:,}")
            table.add_row(name, runs, *counted, style=style)
        self._console.print(table)
        self._endings(total)
        self.say(
            f"{total.runs:,} runs in {took_s:.1f} s; {total.schedules():,} distinct schedules; "
            f"faults struck at {total.places():,} distinct steps",
            *(f"BROKEN in {times:,} runs: {name}" for name, times in total.broken.items()),
            *([] if total.broken else ["no invariant was broken"]),
        )

    def _endings(self, total: Total) -> None:
        seen = list(total.endings.items())
        table = _table("ended (calls / deliveries)", "runs")
        for ending, times in seen[:_MOST_ENDINGS]:
            table.add_row(ending, f"{times:,}")
        if rest := seen[_MOST_ENDINGS:]:
            table.add_row(f"{len(rest)} others", f"{sum(times for _, times in rest):,}")
        self._console.print(table)

    def failure(self, failure: Failure, events: Sequence[Event], repeat: str) -> None:
        """A run in which something was broken: what, when what happened, and the command that runs it again."""
        where = ", ".join(f"{fault} at step {step}" for fault, step in zip(failure.faults, failure.steps, strict=True))
        self.say("", f"{failure.scenario}: {where or 'no fault'}; scheduler seed {failure.seed}")
        self.say(*(f"  ✗ {name}: {words}" for name, words in failure.breaches))
        self.timeline(events)
        self.say(f"  again: {repeat}")

    def timeline(self, events: Sequence[Event]) -> None:
        """Swim lanes, one line a moment."""
        table = _table("s", *(str(lane) for lane in Lane))
        for event in events:
            cells = [_said(event) if lane is event.lane else "" for lane in Lane]
            table.add_row(f"{event.at_s:.3f}", *cells, style="bold" if event.what is What.FAULT else "")
        self._console.print(table)

    def smallest(self, failure: Failure, story: str, repeat: str) -> None:
        """The smallest story in which it still breaks."""
        [(name, words), *_] = failure.breaches
        self.say(f"the smallest story found in which “{name}” is broken ({words}):", "", story.rstrip(), "")
        self.say(f"  saved as story.toml: {repeat}")

    def hunts(self, hunts: Sequence[Hunt]) -> None:
        """Which deliberate bug was found by what."""
        table = _table("bug", "what is wrong", "found by", "scenario", "fault", "seed", "step", "runs")
        for hunt in hunts:
            table.add_row(hunt.mutant.name, hunt.mutant.words, *_found(hunt), style="" if hunt.caught else "red")
        self._console.print(table)
        found = sum(hunt.caught is not None for hunt in hunts)
        self.say(f"{found} of {len(hunts)} deliberate bugs were found")


def _found(hunt: Hunt) -> tuple[str, ...]:
    caught = hunt.caught
    if caught is None:
        return ("NOT FOUND", "", "", "", "", str(hunt.runs))
    [(name, _), *_] = caught.breaches
    steps = ", ".join(map(str, caught.steps))
    return (name, caught.scenario, "+".join(caught.faults), str(caught.seed), steps, str(hunt.runs))


def _said(event: Event) -> str:
    who = f"{event.who}: " if event.lane in (Lane.CLIENT, Lane.UPSTREAM) and event.what is not What.FAULT else ""
    size = f" {event.size_bytes}" if event.size_bytes else ""
    return f"{who}{event.what}{size}{f' ({event.note})' if event.note else ''}"


def _table(*titles: str) -> Table:
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False)
    for title in titles:
        numeric = title in ("runs", "schedules", "steps", "broken", "s", "seed", "step")
        table.add_column(title, justify="right" if numeric else "left", overflow="fold")
    return table
