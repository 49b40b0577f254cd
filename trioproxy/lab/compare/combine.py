"""From the values that were asked for to the combinations that can be, and those that cannot, with the reason.

{"pump": ["house", "generator"], "cause": ["structure", "flag"]}  ─▶  house structure, house flag, generator structure
                                                            generator flag: nobody could write it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from typing import Any

from trioproxy.errors import ConfigurationError
from trioproxy.lab.compare.semantics import (
    AXES,
    Again,
    Cause,
    End,
    Follow,
    Leaving,
    Pump,
    Room,
    Semantics,
    Settle,
)


@dataclass(frozen=True, slots=True)
class Combinations:
    """What was asked for. `impossible`: in words, each with its reason."""

    possible: tuple[Semantics, ...]
    impossible: tuple[str, ...]


def combinations(asked: Mapping[str, Sequence[str]]) -> Combinations:
    """All combinations of the values asked for; an axis that is not named has its default.

    Args:
        asked: axis to values, `{"pump": ["house", "request"]}`; without any it has its default.

    Raises:
        ConfigurationError: every value that is none.
    """
    problems: list[str] = []
    values: dict[str, list[Any]] = {}
    for field, axis in AXES.items():
        if asked.get(axis):
            values[field] = [_value(axis, field, text, problems) for text in asked[axis]]
    if problems:
        raise ConfigurationError(problems)
    possible: list[Semantics] = []
    impossible: dict[str, None] = {}
    for chosen in product(*values.values()):
        semantics = replace(Semantics(), **dict(zip(values, chosen, strict=True)))
        if (why := semantics.impossible) is None:
            possible.append(semantics)
        else:
            impossible[f"{words(semantics)}: {why}"] = None
    return Combinations(tuple(dict.fromkeys(possible)), tuple(impossible))


def words(semantics: Semantics) -> str:
    """A combination in words: what differs from the default, the pump always."""
    usual = Semantics().cell
    named = [value for axis, value in semantics.cell.items() if axis == "pump" or value != usual[axis]]
    return " ".join(named)


def _value(axis: str, field: str, text: str, problems: list[str]) -> Any:
    try:
        return _READ[field](text)
    except ValueError as error:
        problems.append(f"option --{axis}: got {text!r}; {error}")
        return None


def _one_of(kind: type[StrEnum]) -> Callable[[str], StrEnum]:
    def read(text: str) -> StrEnum:
        if text not in [*kind]:
            raise ValueError(f"expected one of: {', '.join(kind)}")
        return kind(text)

    return read


_READ: Mapping[str, Callable[[str], Any]] = {
    "pump": _one_of(Pump),
    "leaving": Leaving.of,
    "settle": Settle.of,
    "room": Room.of,
    "cause": _one_of(Cause),
    "end": _one_of(End),
    "follow": _one_of(Follow),
    "again": _one_of(Again),
}
