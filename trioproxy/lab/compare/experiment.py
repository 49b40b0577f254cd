"""An experiment: a question, a hypothesis made of claims, what was measured, and the page that says so.

    trioproxy/lab/experiments/<name>.py ── measure ─▶ Result ── page ─▶ docs/experiments/<name>.md

A module there has `QUESTION`, its hypothesis in its docstring, `METHOD`, `FOLLOWS`, `LIMITS` and `measure(seeds)`.
Everything runs on the virtual clock and by seeds, so the same code makes the same page.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol, cast

from trioproxy.errors import ConfigurationError
from trioproxy.lab.asked import unknown
from trioproxy.trace.records import Figure
from trioproxy.views.table import Column, Table


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that the hypothesis says, and whether it was so."""

    words: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """What was measured: a row for each thing, whose name comes first, and whose numbers follow."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    @property
    def table(self) -> Table:
        """As it is shown."""
        titles = tuple(Column(title, numeric=index > 0) for index, title in enumerate(self.columns))
        return Table(titles, tuple(tuple(map(_cell, row)) for row in self.rows))


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured; each table with what it shows."""

    tables: tuple[tuple[str, Grid], ...]
    claims: tuple[Claim, ...]


class Experiment(Protocol):
    """A module of `trioproxy/lab/experiments/`."""

    __doc__: str | None
    __name__: str
    QUESTION: str
    METHOD: str
    FOLLOWS: str
    LIMITS: str
    # Of the page; a test may use fewer.
    SEEDS: int

    def measure(self, seeds: int) -> Result:
        """Run it."""
        ...


def names() -> list[str]:
    """All there are, found by listing."""
    return sorted(each.name for each in pkgutil.iter_modules(_package().__path__))


def find(name: str) -> Experiment:
    """The experiment of that name.

    Raises:
        ConfigurationError: there is none.
    """
    if name not in names():
        raise ConfigurationError([unknown("EXPERIMENT", name, names())])
    return cast(Experiment, importlib.import_module(f"{_package().__name__}.{name}"))


def _package() -> ModuleType:
    return importlib.import_module("trioproxy.lab.experiments")


def grid(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Grid:
    """What was measured, row by row."""
    return Grid(tuple(columns), tuple(tuple(row) for row in rows))


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def hypothesis(experiment: Experiment) -> str:
    """What its docstring says."""
    return (experiment.__doc__ or "").strip()


def page(name: str, result: Result) -> str:
    """The whole page, as Markdown."""
    experiment = find(name)
    lines = [
        f"# {experiment.QUESTION}",
        "",
        f"<!-- Made by `trioproxy/lab/experiments/{name}.py`: run `python docs/make_experiments.py`. -->",
        "",
        "## Hypothesis",
        hypothesis(experiment),
        "",
        "## Method",
        experiment.METHOD.strip(),
        "",
        "```sh",
        f"trioproxy lab compare {name}",
        "```",
        "",
        "## Result",
    ]
    for words, shown in result.tables:
        lines += [words, "", *markdown(shown.table), ""]
    lines += ["| claim | verdict |", "| --- | --- |"]
    lines += [f"| {claim.words} | {'holds' if claim.holds else '**does not hold**'} |" for claim in result.claims]
    lines += ["", "## What follows", experiment.FOLLOWS.strip(), "", "## Limits", experiment.LIMITS.strip()]
    return "\n".join(lines) + "\n"


def figures(name: str, result: Result) -> Iterator[Figure]:
    """All that was measured, as records of a results file; a claim is 1 where it holds, and else 0."""
    for words, shown in result.tables:
        for row, *cells in shown.rows:
            for title, cell in zip(shown.columns[1:], cells, strict=True):
                number, unit = _number(cell)
                said = "" if number is not None else str(cell)
                title_of = f"{words.removesuffix(':')}: {title}"
                yield Figure(subject=str(row), name=title_of, value=number, unit=unit, note=said)
    for claim in result.claims:
        yield Figure(subject=name, name=claim.words, value=float(claim.holds), unit="holds")


def _number(cell: object) -> tuple[float | None, str]:
    """A cell as a number and its unit; words are none."""
    text = str(cell)
    try:
        return float(text.removesuffix("%")), "%" if text.endswith("%") else ""
    except ValueError:
        return None, ""


def markdown(shown: Table) -> list[str]:
    """A table as Markdown."""
    lines = [
        "| " + " | ".join(column.title for column in shown.columns) + " |",
        "| " + " | ".join("---:" if column.numeric else "---" for column in shown.columns) + " |",
    ]
    return lines + ["| " + " | ".join(row) + " |" for row in shown.rows]
