"""From the words of a command line to targets and a plan."""

from __future__ import annotations

from collections.abc import Sequence

from trioproxy.errors import ConfigurationError
from trioproxy.lab.wire.cells import chosen
from trioproxy.lab.wire.plan import Plan
from trioproxy.lab.wire.shipped import DIRECT, find, shipped, words_of
from trioproxy.lab.wire.target import PROTOCOLS, Protocol, Target

ALL = "all"


def chosen_targets(names: Sequence[str]) -> list[Target | None]:
    """The targets called so, `direct` (None) always first: what the harness itself takes.

    Raises:
        ConfigurationError: none is named, or one that is not there, or has faults.
    """
    words = words_of(names)
    if not words:
        known = ", ".join(shipped())
        raise ConfigurationError([f"option --target: missing; expected a file, `{ALL}`, or some of: {known}"])
    wanted = [name for word in words for name in (shipped() if word == ALL else [word])]
    return [None, *find([name for name in wanted if name != DIRECT])]


def plan_for(
    cells: Sequence[str], protocols: Sequence[Protocol], repetitions: int, *, figures: bool, quick: bool
) -> Plan:
    """The plan.

    Raises:
        ConfigurationError: a word of `cells` is in the name of none.
    """
    speaks = tuple(protocols) or PROTOCOLS
    words = [word.strip() for given in cells for word in given.split(";")]
    return Plan(
        cells=tuple(chosen(words, speaks)), protocols=speaks, repetitions=repetitions, figures=figures, quick=quick
    )
