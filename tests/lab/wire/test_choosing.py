"""From the words of a command line to targets and a plan."""

from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.wire.cells import cells
from trioproxy.lab.wire.choosing import chosen_targets, plan_for
from trioproxy.lab.wire.shipped import shipped


def names(*words: str) -> list[str | None]:
    return [target.name if target else None for target in chosen_targets(words)]


def test_the_harness_itself_always_comes_first():
    assert names("nginx", "direct") == [None, "nginx"]
    assert names("direct") == [None]
    assert names("nginx naive") == [None, "nginx", "naive"]
    assert names("all") == [None, *shipped()]


def test_without_a_name_it_is_said_which_there_are():
    with pytest.raises(
        ConfigurationError, match=r"option --target: missing; expected a file, `all`, or some of: .*nginx"
    ):
        chosen_targets([])


def test_a_plan():
    plan = plan_for(["gzip; FIN/waiting"], ["h1"], 7, figures=False, quick=True)
    assert [cell.word for cell in plan.cells] == ["FIN/waiting for the head", "gzip"]
    assert (plan.protocols, plan.repetitions, plan.figures, plan.quick) == (("h1",), 7, False, True)
    assert plan_for([], [], 1, figures=True, quick=False).cells == tuple(cells())
