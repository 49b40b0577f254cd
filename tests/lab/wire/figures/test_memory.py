"""Memory of a stream: the slope, and how sure it is."""

from __future__ import annotations

import pytest

from trioproxy.lab.wire.figures.memory import figures, slope


def test_on_a_line_the_slope_is_certain():
    value, (low, high) = slope([(0, 1000), (10, 1500), (20, 2000), (30, 2500)])
    assert (value, low, high) == pytest.approx((50.0, 50.0, 50.0))


def test_off_the_line_it_lies_within():
    value, (low, high) = slope([(0, 1000), (10, 1600), (20, 1900), (30, 2500)])
    assert low is not None
    assert high is not None
    assert low < value < high


def test_two_points_say_nothing_of_certainty():
    assert slope([(0, 0), (10, 100)]) == (10.0, (None, None))


def test_streams_that_do_not_stay_are_no_measurement():
    [figure] = figures("tiny", [(0, 1000), (0, 1100), (0, 1200)])
    assert (figure.value, figure.note) == (None, "streams did not stay open")


def test_the_figure():
    [figure] = figures("tiny", [(0, 1_000_000), (10, 1_500_000), (20, 2_000_000)])
    assert (figure.name, figure.value, figure.unit, figure.n) == ("memory of a waiting stream", 50_000.0, "B", 20)
