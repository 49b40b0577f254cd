"""A whole story: who answers which call."""

from __future__ import annotations

import pytest

from trioproxy.lab.script import End, Head, Reset, Script, Story

GOOD, BAD = Script.of(Head(), End()), Script.of(Reset())


def test_the_last_script_answers_all_further_calls() -> None:
    story = Story("twice", (BAD, GOOD))

    assert [story.script(number) for number in (1, 2, 3)] == [BAD, GOOD, GOOD]


def test_a_story_has_an_upstream_and_a_client() -> None:
    with pytest.raises(ValueError, match="an upstream and a client"):
        Story("none", ())
    with pytest.raises(ValueError, match="an upstream and a client"):
        Story("nobody", (GOOD,), ())
