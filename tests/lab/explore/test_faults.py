from __future__ import annotations

import math

import pytest
from support.exploring import play_one

from trioproxy.lab.explore.faults import FAULTS, fitting


def test_what_means_nothing_to_one_client_is_left_out() -> None:
    assert {fault.name for fault in FAULTS.values()} - {fault.name for fault in fitting(1)} == {
        "other-leaves",
        "all-leave",
    }
    assert len(fitting(2)) == len(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_each_strikes(name: str) -> None:
    before, after = play_one("join"), play_one("join", (name, 32))

    assert len(after.struck) == 1
    changed = (
        after.schedule != before.schedule,
        len(after.books.out_of_order) > 0,
        after.closed_at < math.inf,
    )
    assert any(changed)
