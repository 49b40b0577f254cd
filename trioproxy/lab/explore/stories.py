"""Scenarios by what somebody calls them: a name that is known, a story that comes with the lab, or a file with one."""

from __future__ import annotations

from pathlib import Path

from trioproxy.errors import ConfigurationError
from trioproxy.lab import stories
from trioproxy.lab.asked import unknown
from trioproxy.lab.explore.case import Scenario
from trioproxy.lab.explore.scenarios import SCENARIOS
from trioproxy.lab.explore.subject import Conditions
from trioproxy.lab.script.toml import read_story


def find(name: str) -> Scenario:
    """The scenario of that name, the story that comes with the lab, or the one in a file (`FILE.toml`).

    With `@NAME` behind it, it is told under the conditions of that scenario.

    Raises:
        ConfigurationError: there is none; or all that is wrong with the file.
    """
    if name in SCENARIOS:
        return SCENARIOS[name]
    told, at, conditions = name.partition("@")
    if at and conditions not in SCENARIOS:
        raise ConfigurationError([unknown(f"option --scenario: {told}@", conditions, SCENARIOS)])
    under = SCENARIOS[conditions].conditions if conditions else Conditions()
    if told in SCENARIOS:
        return Scenario(name, SCENARIOS[told].words, SCENARIOS[told].story, under)
    if told.endswith(".toml"):
        return Scenario(name, f"the story in {told}", read_story(Path(told)), under)
    if told in stories.names():
        return Scenario(name, "a story that comes with the lab", stories.shipped(told), under)
    known = [*SCENARIOS, *stories.names()]
    raise ConfigurationError([unknown("option --scenario", told, known, "; or a file, FILE.toml")])
