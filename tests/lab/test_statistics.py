"""Intervals are right where they are known from tables, and hold as often as they say."""

from __future__ import annotations

import random
import statistics

import pytest

from trioproxy.lab.statistics import (
    UNKNOWN,
    Interval,
    median,
    median_interval,
    proportion_interval,
    quantile,
    quantile_interval,
    student_t,
)


def test_the_median_is_in_the_middle_whatever_the_order() -> None:
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert median([4.0, 1.0, 3.0, 2.0]) == 2.5
    assert median([7.0]) == 7.0


@pytest.mark.parametrize(("q", "value"), [(0.0, 0.0), (0.25, 25.0), (0.99, 99.0), (0.995, 99.5), (1.0, 100.0)])
def test_a_quantile_lies_between_two_values_in_proportion(q: float, value: float) -> None:
    assert quantile([float(each) for each in range(100, -1, -1)], q) == pytest.approx(value)


def test_what_is_no_sample_and_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        median([])
    with pytest.raises(ValueError, match="share"):
        quantile([1.0], 99)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # The signed-rank tables' own counterpart for the sign test: n = 10 leaves out one on each side, n = 20 five.
    [(5, None, None), (6, 1, 6), (9, 2, 8), (10, 2, 9), (20, 6, 15), (100, 40, 61)],
)
def test_a_median_is_bounded_by_the_values_that_the_tables_name(count: int, low: int | None, high: int | None) -> None:
    assert median_interval([float(each) for each in range(1, count + 1)]) == Interval(low, high)


def test_a_p99_is_bounded_from_above_by_many_values_alone() -> None:
    few, enough = ([float(each) for each in range(1, count + 1)] for count in (367, 368))

    assert quantile_interval(few, 0.99) == Interval(359.0, None)
    assert quantile_interval(enough, 0.99).high == 368.0
    assert quantile_interval([], 0.5) == UNKNOWN
    assert quantile_interval([1.0] * 20_000, 0.5) == Interval(1.0, 1.0)
    assert quantile_interval([1.0, 2.0], 0.0) == Interval(None, 1.0)


@pytest.mark.parametrize(
    ("freedom", "t"),
    [
        (1, 12.7062),
        (2, 4.30265),
        (3, 3.18245),
        (4, 2.77645),
        (9, 2.26216),
        (30, 2.04227),
        (1000, 1.96234),
        (1001, 1.96234),
    ],
)
def test_students_t_is_that_of_the_tables(freedom: int, t: float) -> None:
    assert student_t(freedom) == pytest.approx(t, rel=1e-5)


@pytest.mark.parametrize(
    ("successes", "count", "low", "high"),
    [(0, 30, 0.0, 0.11351), (30, 30, 0.88649, 1.0), (5, 10, 0.23659, 0.76341), (1, 20, 0.00888, 0.23613)],
)
def test_a_share_has_wilsons_interval(successes: int, count: int, low: float, high: float) -> None:
    assert proportion_interval(successes, count) == pytest.approx(Interval(low, high), abs=1e-5)


def test_a_share_of_nothing_is_not_known() -> None:
    assert proportion_interval(0, 0) == UNKNOWN


def test_intervals_hold_as_often_as_they_say() -> None:
    """On samples of 30 from a skewed distribution; the seed is fixed, the bounds are four standard errors wide."""
    chance = random.Random(4)
    truth = statistics.NormalDist().inv_cdf(0.5)
    held = {"median": 0, "share": 0}
    for _ in range(1000):
        values = [chance.gauss(truth, 1) ** 3 for _ in range(30)]
        held["median"] += _holds(median_interval(values), 0.0)
        held["share"] += _holds(proportion_interval(sum(chance.random() < 0.3 for _ in range(30)), 30), 0.3)

    assert all(920 < each < 985 for each in held.values()), held


def _holds(interval: Interval, truth: float) -> bool:
    assert interval.low is not None
    assert interval.high is not None
    return interval.low <= truth <= interval.high
