"""Several cells that count the same, however often each was run: their share, their quantiles, and what bounds them.

    20 of 20, 0 of 4 ──▶ 50 %, not 83 %

The share is the mean of the cells' shares. Its interval squares and adds how far each cell's own reaches (Zou and
Donner, Statistics in Medicine 27, 2008), which is Wilson's, and no shorter than its variance says. A quantile is the
least value that so great a share lies at or below; its interval is where that share's own interval holds it (Woodruff,
JASA 47, 1952). Pure.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from statistics import NormalDist

from trioproxy.lab.statistics import CONFIDENCE, UNKNOWN, Interval, proportion_interval

_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)

# How many of how many.
Counted = tuple[int, int]


def share(cells: Sequence[Counted]) -> float:
    """The mean of the cells' shares, from 0 to 1.

    Raises:
        ValueError: there are none.
    """
    if not cells:
        raise ValueError("a share of nothing")
    return math.fsum(part / whole for part, whole in cells) / len(cells)


def share_interval(cells: Sequence[Counted]) -> Interval:
    """Where it lies, with about 95 % confidence; never with less than Wilson's of one cell."""
    if not cells:
        return UNKNOWN
    below = above = 0.0
    for part, whole in cells:
        low, high = proportion_interval(part, whole)
        # Wilson's is drawn towards the middle, and so too short on one side for a sum of many small samples.
        guess = (part + 1) / (whole + 2)
        least = _Z * math.sqrt(guess * (1 - guess) / whole)
        below += max(part / whole - (low or 0.0), least) ** 2
        above += max((1.0 if high is None else high) - part / whole, least) ** 2
    middle = share(cells)
    return Interval(max(0.0, middle - math.sqrt(below) / len(cells)), min(1.0, middle + math.sqrt(above) / len(cells)))


def quantile(cells: Sequence[Sequence[float]], q: float) -> float:
    """The least value that the share `q` of the cells' values lies at or below.

    Raises:
        ValueError: there are no values.
    """
    every, counts = _values(cells)
    if not every:
        raise ValueError("a quantile of nothing")
    # A hair less: a sum of shares that should be 1 is 1 but for its rounding.
    return every[bisect_left(every, q - 1e-9, hi=len(every) - 1, key=lambda value: share(counts(value)))]


def quantile_interval(cells: Sequence[Sequence[float]], q: float) -> Interval:
    """Where that value lies, with about 95 % confidence; None on a side that so few values say nothing of."""
    every, counts = _values(cells)
    if not every:
        return UNKNOWN
    first = bisect_left(every, q, key=lambda value: share_interval(counts(value)).high or 0.0)
    last = bisect_left(every, q, key=lambda value: share_interval(counts(value)).low or 0.0)
    # Where even below the least of all the quantile may lie, nothing is known.
    nothing = share_interval([(0, whole) for _, whole in counts(every[0])]).high or 0.0
    return Interval(None if nothing >= q else every[first], every[last] if last < len(every) else None)


class _Counts:
    """How many of each cell's values lie at or below a value."""

    def __init__(self, cells: Sequence[Sequence[float]]) -> None:
        self._cells = [sorted(cell) for cell in cells if cell]

    def __call__(self, value: float) -> list[Counted]:
        return [(bisect_right(cell, value), len(cell)) for cell in self._cells]


def _values(cells: Sequence[Sequence[float]]) -> tuple[list[float], _Counts]:
    return sorted({value for cell in cells for value in cell}), _Counts(cells)
