from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.explore.faults import FAULTS, fitting
from trioproxy.lab.explore.parts import Part, Wish, parts
from trioproxy.lab.explore.scenarios import SCENARIOS


def test_every_fault_that_fits_with_every_seed() -> None:
    wished = list(parts(Wish(["stream", "join"], seeds=range(2)), SCENARIOS))

    assert len(wished) == 2 * (len(fitting(1)) + len(fitting(2)))
    assert [part.seed for part in wished] == sorted(part.seed for part in wished)
    assert all(len(part.faults) == 1 and not part.pairs for part in wished)


def test_pairs_are_sampled_besides() -> None:
    wished = list(parts(Wish(["stream"], seeds=[5], pairs=7), SCENARIOS))

    assert wished[-1] == Part("stream", 5, (), 7)
    assert len(wished) == len(fitting(1)) + 1


@pytest.mark.parametrize(
    ("wish", "part"),
    [
        (Wish(["stream"], ["leave"], [3], steps=(17,)), Part("stream", 3, ("leave",), 0, (17,))),
        (Wish(["stream"], ["leave+close"], [3]), Part("stream", 3, ("leave", "close"), 100)),
        (Wish(["stream"], ["leave+close"], [3], pairs=9), Part("stream", 3, ("leave", "close"), 9)),
        (Wish(["stream"], ["leave+close"], [3], steps=(1, 2)), Part("stream", 3, ("leave", "close"), 0, (1, 2))),
        (Wish(["stream"], ["nothing"], [3]), Part("stream", 3, (), 0, ())),
    ],
)
def test_what_is_asked_for_alone(wish: Wish, part: Part) -> None:
    assert list(parts(wish, SCENARIOS)) == [part]


def test_a_fault_that_means_nothing_to_a_story_is_passed_over() -> None:
    assert list(parts(Wish(["stream"], ["all-leave"]), SCENARIOS)) == []


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError) as raised:
        list(parts(Wish(["no"], ["leave+close", "flee", "leave+close+stop"], steps=(1,)), SCENARIOS))

    assert [problem.partition("; expected")[0].partition(" (did")[0] for problem in raised.value.problems] == [
        "option --scenario: got 'no'",
        "option --step: got 1 step",
        "option --fault: got 'flee'",
        "option --fault: got 'leave+close+stop'",
    ]
    assert ", ".join(FAULTS) in raised.value.problems[2]


def test_a_step_needs_a_fault() -> None:
    with pytest.raises(ConfigurationError, match="--step"):
        list(parts(Wish(["stream"], steps=(1,)), SCENARIOS))
