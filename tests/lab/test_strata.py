"""Cells count the same, however often each was run."""

from __future__ import annotations

import math
import random

import pytest

from trioproxy.lab.statistics import UNKNOWN, proportion_interval
from trioproxy.lab.strata import quantile, quantile_interval, share, share_interval


def test_a_cell_that_was_run_less_often_weighs_as_much() -> None:
    assert share([(20, 20), (0, 4)]) == 0.5
    assert quantile([[1.0] * 20, [9.0] * 4], 0.5) == 1.0
    assert quantile([[1.0] * 20, [9.0] * 4], 0.51) == 9.0
    assert quantile([[1.0] * 20, [2.0] * 5, [math.inf] * 4], 0.99) == math.inf
    assert quantile([[0.5] * 3, [0.7] * 7, [0.9] * 9], 1.0) == 0.9


def test_of_one_cell_the_interval_is_its_own_at_the_least() -> None:
    assert share_interval([(30, 30)]) == pytest.approx(proportion_interval(30, 30))
    assert share_interval([(3, 30)]).high == pytest.approx(proportion_interval(3, 30).high)
    assert share_interval([]) == UNKNOWN


def test_of_many_cells_it_is_narrower_and_within_what_a_share_can_be() -> None:
    low, high = share_interval([(20, 20)] * 25)
    assert low is not None
    assert (0.96 < low < 0.97, high) == (True, 1.0)


def test_a_bound_that_so_few_values_do_not_give_is_not_known() -> None:
    assert quantile_interval([[1.0, 2.0]], 0.5) == UNKNOWN
    assert quantile_interval([], 0.5) == UNKNOWN
    assert quantile_interval([[float(each) for each in range(100)]], 0.99).high is None


def test_nothing_has_neither_share_nor_quantile() -> None:
    with pytest.raises(ValueError, match="nothing"):
        share([])
    with pytest.raises(ValueError, match="nothing"):
        quantile([[]], 0.5)


def test_intervals_hold_about_as_often_as_they_say() -> None:
    chance = random.Random(7)
    rates, sizes = (0.2, 0.9, 0.6, 0.95, 0.4), (20, 4, 20, 10, 4)
    held = [0, 0]
    for _ in range(400):
        low, high = share_interval(
            [(sum(chance.random() < p for _ in range(n)), n) for p, n in zip(rates, sizes, strict=True)]
        )
        held[0] += (low or 0.0) <= sum(rates) / 5 <= (high or 0.0)
        # All cells draw from the same: the median is 0.5, whatever they weigh.
        bounds = quantile_interval([[chance.random() for _ in range(n)] for n in sizes], 0.5)
        held[1] += (bounds.low or 0.0) <= 0.5 <= (1.0 if bounds.high is None else bounds.high)
    assert all(each >= 0.93 * 400 for each in held), held
