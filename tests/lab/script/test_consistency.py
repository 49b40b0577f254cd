"""All that is wrong with a story is found, each at its step."""

from __future__ import annotations

import pytest

from trioproxy.lab.script import Chunk, Close, End, Head, Interim, Refuse, Reset, Short, Step
from trioproxy.lab.script.consistency import problems


def test_all_of_it_is_found() -> None:
    steps: tuple[Step, ...] = ((0.0, Chunk(b"a")), (-1.0, Head()), (0.0, Reset()), (0.0, Refuse()))

    assert list(problems(steps)) == [
        (0, "Chunk before the head"),
        (1, "Head cannot happen 1.0 s before the step that precedes it"),
        (3, "nothing can follow Reset"),
        (3, "Refuse stands alone: there is no connection"),
    ]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ((float("inf"), Close()), "Close after inf s: say Silence"),
        ((float("nan"), Close()), "Close after nan s: say Silence"),
        ((0.0, Interim(200)), "an Interim has a status from 100 to 199: not 200"),
        ((0.0, Head(100)), "a Head has a status from 200 to 999: not 100"),
        ((0.0, Short(0)), "Short misses at least 1 byte"),
        ((0.0, End()), "End before the head"),
    ],
)
def test_what_no_step_can_say(step: Step, said: str) -> None:
    assert said in [each for _, each in problems((step,))]


def test_no_step_is_no_story() -> None:
    [(number, said)] = problems(())
    assert (number, said[:20]) == (0, "a script ends with E")
