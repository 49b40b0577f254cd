"""What may be said of a sample: numbers with the interval that they are known to lie in.

    values ──▶ median, quantile           what was seen
           └─▶ …_interval                 what that says about the next thousand

Nothing is assumed about the shape of latencies, which are skewed and have tails: quantiles are bounded by order
statistics (David and Nagaraja, Order Statistics, 7.1), shares by Wilson's score interval. A bound that the sample is
too small for is None: six values bound a median, 368 the p99 from above. Pure: no clock, no chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95

# From here on Student's t is the normal distribution, corrected once; to a hundred-thousandth.
_MANY = 1000


class Interval(NamedTuple):
    """From `low` to `high`, both included; None: not known from so few values."""

    low: float | None
    high: float | None


UNKNOWN = Interval(None, None)


def median(values: Sequence[float]) -> float:
    """The middle one, or between the middle two.

    Raises:
        ValueError: there are none.
    """
    return quantile(values, 0.5)


def quantile(values: Sequence[float], q: float) -> float:
    """The value that the share `q` of them lies below; between two of them, in proportion.

    Definition 7 of Hyndman and Fan (1996), as in R and NumPy.

    Raises:
        ValueError: there are none, or `q` is no share.
    """
    if not values:
        raise ValueError("a quantile of nothing")
    if not 0 <= q <= 1:
        raise ValueError(f"a quantile is asked for by a share from 0 to 1, not {q}")
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def median_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Where the median of all that could be measured lies."""
    return quantile_interval(values, 0.5, confidence)


def quantile_interval(values: Sequence[float], q: float, confidence: float = CONFIDENCE) -> Interval:
    """Where the quantile `q` of all that could be measured lies: between two of the values themselves.

    How many of n values lie below it is binomial; each side is left out with half of what `confidence` leaves.
    """
    ordered, tail = sorted(values), (1 - confidence) / 2
    count = len(ordered)
    low = high = None
    below = 0.0  # how probable it is that at most `at` of the values lie below the quantile
    for at in range(count):
        below += _binomial(at, count, q)
        if below <= tail:
            low = ordered[at]
        if below >= 1 - tail:
            high = ordered[at]
            break
    return Interval(low, high)


def proportion_interval(successes: int, count: int, confidence: float = CONFIDENCE) -> Interval:
    """Where a share lies that was seen `successes` times in `count` (Wilson, 1927): 0 of 30 is below 12 %, not 0."""
    if not count:
        return UNKNOWN
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / count
    middle = share + z * z / (2 * count)
    reach = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    # Exact at the ends, where the sum is so but for its rounding.
    low = 0.0 if successes == 0 else (middle - reach) / scale
    high = 1.0 if successes == count else (middle + reach) / scale
    return Interval(low, high)


def student_t(freedom: int, confidence: float = CONFIDENCE) -> float:
    """How many standard errors lie on either side of a mean, with `freedom` degrees of freedom."""
    if freedom > _MANY:
        z = NormalDist().inv_cdf((1 + confidence) / 2)
        return z + (z**3 + z) / (4 * freedom)
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        angle = (low + high) / 2
        low, high = (angle, high) if _within(angle, freedom) < confidence else (low, angle)
    return math.sqrt(freedom) * math.tan(low)


def _within(angle: float, freedom: int) -> float:
    """How probable it is that |t| is below sqrt(freedom) * tan(angle) (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = 0.0
    for power in range(1 if odd else 0, freedom - 1, 2):
        total += term
        term *= cosine * cosine * (power + 1) / (power + 2)
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def _binomial(hits: int, count: int, share: float) -> float:
    """How probable `hits` of `count` are, each with probability `share`; by logarithms, which do not overflow."""
    if share in (0.0, 1.0):
        return float(hits == count * share)
    ways = math.lgamma(count + 1) - math.lgamma(hits + 1) - math.lgamma(count - hits + 1)
    return math.exp(ways + hits * math.log(share) + (count - hits) * math.log1p(-share))
