"""A whole story: who answers which call."""

from __future__ import annotations

import pytest

from trioproxy.lab.script import ClientScript, End, Head, Reset, Script, Story

GOOD, BAD = Script.of(Head(), End()), Script.of(Reset())


def test_the_last_script_answers_all_further_calls() -> None:
    story = Story("twice", (BAD, GOOD))

    assert [story.script(number) for number in (1, 2, 3)] == [BAD, GOOD, GOOD]


def test_a_story_has_an_upstream_and_a_client() -> None:
    with pytest.raises(ValueError, match="an upstream and a client"):
        Story("none", ())
    with pytest.raises(ValueError, match="an upstream and a client"):
        Story("nobody", (GOOD,), ())


def test_clients_without_a_beginning_begin_at_once() -> None:
    clients = (ClientScript(), ClientScript())

    assert Story("two", (GOOD,), clients, (1.5,)).begin_s == (1.5, 0.0)


@pytest.mark.parametrize(
    ("begin_s", "said"), [((-1.0,), "0 or more seconds"), ((float("nan"),), "0 or more"), ((1.0, 2.0), "2 beginnings")]
)
def test_beginnings_that_cannot_be(begin_s: tuple[float, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Story("one", (GOOD,), begin_s=begin_s)
