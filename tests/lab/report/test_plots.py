"""Pictures are where their numbers are."""

from __future__ import annotations

import re

import pytest

from trioproxy.lab.report.cells import Sample
from trioproxy.lab.report.plots import MARGIN, Scale, axis, box_plot, decades, fitting, interval_plot, linear

# From 1 to 10,000 in four steps of 23 %.
SCALE = Scale(1.0, 10_000.0, logarithmic=True)


def test_a_logarithmic_scale_has_a_step_for_ten_times() -> None:
    assert [SCALE.at(value) for value in (1, 10, 100, 1000, 10_000)] == pytest.approx([4, 27, 50, 73, 96])
    assert [SCALE.at(0.001), SCALE.at(1e9)] == [MARGIN, 100 - MARGIN]
    assert SCALE.ticks() == [1, 10, 100, 1000, 10_000]


def test_a_scale_holds_its_values() -> None:
    assert decades([0.3, 42.0]) == Scale(0.1, 100.0, logarithmic=True)
    assert decades([10.0]) == Scale(10.0, 100.0, logarithmic=True)
    assert decades([0.0]) == Scale(1.0, 10.0, logarithmic=True)
    assert linear([2.0, 4.7]) == Scale(0.0, 5.0)
    assert linear([-1.7, 4.7]) == Scale(-2.0, 6.0)
    assert linear([]) == Scale(0.0, 1.0)
    assert fitting([1.0, 31.0]) == decades([1.0, 31.0])
    assert fitting([1.0, 29.0]) == linear([29.0])
    assert fitting([0.0, 31.0]) == linear([31.0])
    assert fitting([]) == linear([])
    assert Scale(3.0, 3.0).at(3.0) == 50.0


@pytest.mark.parametrize(
    ("scale", "ticks"),
    [
        (Scale(0.0, 5.0), [0, 1, 2, 3, 4, 5]),
        (Scale(0.0, 1.0), [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (Scale(-2.0, 6.0), [-2, 0, 2, 4, 6]),
        (Scale(0.0, 35.0), [0, 10, 20, 30]),
        (Scale(3.0, 3.0), [3.0]),
        (Scale(1e-3, 1e7, logarithmic=True), [1e-3, 1e-1, 10, 1e3, 1e5, 1e7]),
    ],
)
def test_ticks_are_round(scale: Scale, ticks: list[float]) -> None:
    assert scale.ticks() == pytest.approx(ticks)


def test_a_box_plot_shows_quartiles_p99_and_the_greatest() -> None:
    values = tuple(10 ** (at / 100) for at in range(401))
    picture = box_plot(Sample(values), SCALE, "ms").text

    # The quartiles of the logarithms are a step each.
    assert re.search(r'<rect x="27\.00%" y="5" width="46\.00%"', picture)
    assert re.search(r'<line x1="50\.00%" x2="50\.00%" y1="3" y2="21" class="median">', picture)
    assert re.search(r'<line x1="4\.00%" x2="95\.08%" y1="12" y2="12" class="whisker">', picture)
    assert re.search(r'<circle cx="96\.00%" cy="12" r="3" class="max">', picture)
    assert "median 100 ms, and 1.00 s, p99 9.12 s, max 10.0 s" in picture


def test_an_interval_is_a_dot_between_its_ends() -> None:
    scale = Scale(0.0, 100.0)

    assert 'cx="50.00%"' in interval_plot(50, 25, 75, scale, "ms").text
    assert 'x1="27.00%" x2="73.00%"' in interval_plot(50, 25, 75, scale, "ms").text
    assert 'x1="0.00%" x2="73.00%"' in interval_plot(50, None, 75, scale, "ms").text
    assert 'x1="27.00%" x2="100.00%"' in interval_plot(50, 25, None, scale, "ms").text
    assert "whisker" not in interval_plot(50, None, None, scale, "ms").text


def test_an_axis_names_its_ticks() -> None:
    assert re.findall(r">([^<>]+)</text>", axis(SCALE, "ms").text) == [
        "1.00 ms",
        "10.0 ms",
        "100 ms",
        "1.00 s",
        "10.0 s",
    ]
