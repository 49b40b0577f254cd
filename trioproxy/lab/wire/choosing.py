"""From the words of a command line to targets and a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trioproxy.errors import ConfigurationError
from trioproxy.lab.wire.cells import Cell, chosen
from trioproxy.lab.wire.plan import Plan
from trioproxy.lab.wire.shipped import DIRECT, find, shipped, words_of
from trioproxy.lab.wire.target import PROTOCOLS, Target

ALL = "all"


def chosen_targets(names: Sequence[str]) -> dict[str, Target | None]:
    """The targets by what each was called, `direct` (None) always first: what the harness itself takes.

    Raises:
        ConfigurationError: none is named, or one that is not there, or has faults.
    """
    words = words_of(names)
    if not words:
        known = ", ".join(shipped())
        raise ConfigurationError([f"option --target: missing; expected a file, `{ALL}`, or some of: {known}"])
    wanted = [name for word in words for name in (shipped() if word == ALL else [word])]
    return {DIRECT: None, **find([name for name in wanted if name != DIRECT])}


def plan_for(
    cells: Sequence[str],
    protocols: Sequence[str],
    repetitions: int,
    *,
    figures: bool,
    quick: bool,
    targets: Mapping[str, Target | None] | None = None,
) -> Plan:
    """The plan; `targets` by what each was called.

    Raises:
        ConfigurationError: a word of `cells` is in the name of none, or one of `protocols` is none.
    """
    named = [word for given in protocols for word in given.replace(",", " ").split()]
    problems = [
        f"option --protocol: {word}: no such protocol; expected some of: {', '.join(PROTOCOLS)}"
        for word in named
        if word not in PROTOCOLS
    ]
    speaks = tuple(each for each in PROTOCOLS if each in named or not named)
    words = [word.strip() for given in cells for word in given.split(";") if word.strip()]
    found: list[Cell] = []
    try:
        found = chosen(words, speaks or PROTOCOLS)
    except ConfigurationError as error:
        problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return Plan(
        cells=tuple(found),
        protocols=speaks,
        repetitions=repetitions,
        figures=figures,
        quick=quick,
        called={target.name: called for called, target in (targets or {}).items() if target is not None},
    )
