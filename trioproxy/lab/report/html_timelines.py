"""The timelines of a page: each folded under its title, so that they can be read without a script.

An address `#run=<id>` opens the one of that run: browsers unfold what an address points into.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from urllib.parse import quote

from trioproxy.lab.measures import unit
from trioproxy.lab.report.blocks import Timeline, Timelines
from trioproxy.lab.report.lanes import swim_lanes
from trioproxy.lab.report.markup import Markup, Node, tag, together
from trioproxy.lab.report.timeline import notices
from trioproxy.lab.report.words import once, plural, words
from trioproxy.trace.records import Run, Value

HOW_TO_READ = (
    "Time runs downwards, one event a row; what happened at the same instant stands in its order. Rows stand further "
    "apart where more time has passed."
)


def address(run: str, prefix: str = "") -> str:
    """The part of an address that points at a run's timeline."""
    return f"run={quote(prefix + run, safe='')}"


def show_timelines(block: Timelines, prefix: str) -> Markup:
    """A field to choose one, and all of them, folded."""
    left_out = None
    if block.left_out:
        said = (
            f"{plural(block.left_out, 'more run')} with events: not drawn here; `--run ID` draws those that it names."
        )
        left_out = tag("p", said)
    axes = telling_axes([each.run for each in block.timelines])
    alone = len(block.timelines) == 1
    timelines = [_timeline(each, title(each.run, axes), prefix, alone) for each in block.timelines]
    return together(
        tag("p", HOW_TO_READ), _chooser(block, axes, prefix), tag("div", timelines, class_="timelines"), left_out
    )


def title(run: Run, axes: Collection[str] | None = None) -> str:
    """What tells a run from others, for people: its subject and its values on `axes`, by default on all."""
    values = [value for axis, value in run.cell.items() if axes is None or axis in axes]
    return ", ".join(once(part for part in (run.subject, *values) if part)) or "a run"


def telling_axes(runs: Sequence[Run]) -> list[str]:
    """The axes on which not all of `runs` are the same; of a single one, all."""
    axes = once(axis for run in runs for axis in run.cell)
    return axes if len(runs) == 1 else [axis for axis in axes if len({run.cell.get(axis) for run in runs}) > 1]


def _chooser(block: Timelines, axes: Collection[str], prefix: str) -> Markup:
    """Works with the script alone, and is shown by it."""
    options = [
        tag("option", f"{title(each.run, axes)}  ·  {each.run.id}", value=prefix + each.run.id)
        for each in block.timelines
    ]
    choices = tag("select", tag("option", f"all {len(block.timelines)}", value=""), options, aria_label="Run")
    search = tag("input", type="search", placeholder="words of the title", aria_label="Show only runs with")
    return tag(
        "form",
        tag("label", "Show only runs with", search),
        tag("label", "Run", choices),
        tag("button", "previous", type="button", data_step=-1),
        tag("button", "next", type="button", data_step=1),
        class_="chooser",
        hidden=True,
    )


def _timeline(timeline: Timeline, name: str, prefix: str, alone: bool) -> Markup:
    run = timeline.run
    # The address is that of what is inside: a browser unfolds what surrounds the place it goes to.
    inside = tag(
        "div",
        [tag("p", notice.said(), class_="notice") for notice in notices(timeline.events)],
        _measures(run.measures),
        tag("div", swim_lanes(timeline.events), class_="scroll", tabindex=0, role="region", aria_label="Swim lanes"),
        _pre("Repeat it", run.repeat),
        _pre("The script", run.script),
        id=f"run={prefix}{run.id}",
    )
    broken = [tag("span", f"breaks: {name}", class_="alarm") for name in run.broken]
    summary: list[Node] = [tag("span", name, class_="title"), " ", tag("code", run.id), broken]
    return tag("details", tag("summary", summary), inside, class_="timeline", data_run=prefix + run.id, open=alone)


def _measures(measures: Mapping[str, Value]) -> Node:
    known = [(name, value) for name, value in measures.items() if value is not None]
    if not known:
        return None
    return tag(
        "dl",
        [tag("div", tag("dt", name), tag("dd", words(value, unit(name)))) for name, value in known],
        class_="facts",
    )


def _pre(name: str, text: str) -> Node:
    return tag("figure", tag("figcaption", name), tag("pre", text, tabindex=0)) if text else None
