"""Names say their units."""

from __future__ import annotations

import pytest

from trioproxy.lab.measures import Measure, unit


@pytest.mark.parametrize(
    ("name", "said"),
    [(Measure.ABORT_MS, "ms"), (Measure.AFTER_BYTES, "B"), ("wait_us", "µs"), ("told", ""), ("ms", ""), ("a_b", "")],
)
def test_the_end_of_a_name_is_its_unit(name: str, said: str) -> None:
    assert unit(name) == said
