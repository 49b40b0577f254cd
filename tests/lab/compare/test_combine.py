"""From values on the command line to combinations."""

from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.compare.combine import combinations, words
from trioproxy.lab.compare.semantics import Cause, Leaving, Pump, Semantics


def test_nothing_asked_is_the_default_alone() -> None:
    assert combinations({}).possible == (Semantics(),)


def test_each_value_is_combined_with_each() -> None:
    found = combinations({"pump": ["house", "request"], "cause": ["structure", "flag"]})

    assert [(each.pump, each.cause) for each in found.possible] == [
        (Pump.HOUSE, Cause.STRUCTURE),
        (Pump.HOUSE, Cause.FLAG),
        (Pump.REQUEST, Cause.STRUCTURE),
        (Pump.REQUEST, Cause.FLAG),
    ]
    assert found.impossible == ()


def test_what_cannot_be_is_left_out_with_its_reason() -> None:
    found = combinations({"pump": ["generator"], "cause": ["structure", "flag"]})

    assert [each.cause for each in found.possible] == [Cause.STRUCTURE]
    [said] = found.impossible
    assert said.startswith("generator flag: ")


def test_the_same_twice_is_once() -> None:
    assert len(combinations({"pump": ["house", "house"], "policy": ["drain", "drain:300"]}).possible) == 1


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        combinations({"pump": ["house", "garden"], "policy": ["linger"], "channel": ["many"]})

    assert caught.value.problems == [
        "option --pump: got 'garden'; expected one of: house, request, generator, nested",
        "option --policy: got 'linger'; expected abort, linger:SECONDS or drain[:SECONDS]",
        "option --channel: got 'many'; expected a number of chunks, such as 16, or a size, such as 32KiB",
    ]


def test_words_name_what_is_not_the_default() -> None:
    assert words(Semantics()) == "house"
    assert words(Semantics(Pump.REQUEST, Leaving.of("linger:10"), cause=Cause.FLAG)) == "request linger:10 flag"
