"""Numbers in words for people: three digits that matter, and the unit that suits them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

NOT_KNOWN = "–"
MINUS = "\u2212"

_Text = TypeVar("_Text", bound=object)

# Names of a unit to how many of the smallest of its kind it is.
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
_BYTES = {"B": 1, "bytes": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "kB": 1000, "MB": 1000**2}


def number(value: float) -> str:
    """Three digits that matter; whole numbers whole, with commas."""
    value = round(value, 9)
    if value < 0:
        return MINUS + number(-value)
    if value == int(value) or value >= 1000:
        return f"{round(value):,}"
    digits = 2 if value < 10 else 1 if value < 100 else 0
    if value < 1:
        digits = next((places for places in range(2, 10) if round(value, places - 2) > 0), 9)
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if value < 1 else f"{value:.{digits}f}"


def quantity(value: float | None, unit: str) -> str:
    """A value with its unit: times and sizes in the unit that suits them, shares in per cent."""
    if value is None:
        return NOT_KNOWN
    if unit in _SECONDS:
        return duration(value * _SECONDS[unit])
    if unit in _BYTES:
        return size(value * _BYTES[unit])
    if unit in ("share", "fraction", "ratio"):
        return f"{number(value * 100)} %"
    return f"{number(value)} {unit}".rstrip()


def duration(seconds: float) -> str:
    """A time: `85 µs`, `2.10 ms`, `1.24 s`."""
    if seconds < 0:
        return MINUS + duration(-seconds)
    for factor, unit in ((1e6, "µs"), (1e3, "ms")):
        if 0 < seconds * factor < 999.5:
            return f"{_three(seconds * factor)} {unit}"
    return f"{_three(seconds)} s" if seconds else "0 s"


def size(count: float) -> str:
    """Bytes: `812 B`, `17.2 KiB`."""
    if count < 0:
        return MINUS + size(-count)
    for factor, unit in ((1, "B"), (1024, "KiB"), (1024**2, "MiB")):
        if count / factor < 1023.5:
            return f"{count:.0f} B" if factor == 1 else f"{_three(count / factor)} {unit}"
    return f"{_three(count / 1024**3)} GiB"


def interval(low: float | None, high: float | None, unit: str) -> str:
    """`1.90 ms to 2.40 ms`; `from …` or `up to …` where one end is not known; nothing where neither is."""
    if low is None and high is None:
        return ""
    if low is None:
        return f"up to {quantity(high, unit)}"
    return f"from {quantity(low, unit)}" if high is None else f"{quantity(low, unit)} to {quantity(high, unit)}"


def share(part: float, whole: int) -> str:
    """`3 of 30`."""
    return f"{number(part)} of {number(whole)}"


def words(value: str | float | bool | None, unit: str = "") -> str:
    """Any value of a results file: yes and no, numbers with their unit, text; nothing for None."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case _:
            return quantity(value, unit)


def plural(count: int, thing: str) -> str:
    """`1 run`, `2 runs`, `3 lies`."""
    many = thing[:-1] + "ies" if thing.endswith("y") else thing + "s"
    return f"{count:,} {thing if count == 1 else many}"


def natural(text: str) -> list[tuple[int, str]]:
    """A key that sorts `h1`, `h2`, `h10` in this order."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


def once(items: Iterable[_Text]) -> list[_Text]:
    """Each item once, where it came first."""
    return list(dict.fromkeys(items))


def _three(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"
