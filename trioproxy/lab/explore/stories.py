"""Scenarios by what somebody calls them: a name that is known, or a file with a story."""

from __future__ import annotations

from pathlib import Path

from trioproxy.errors import ConfigurationError
from trioproxy.lab.explore.case import Scenario
from trioproxy.lab.explore.scenarios import SCENARIOS
from trioproxy.lab.explore.subject import Conditions


def find(name: str) -> Scenario:
    """The scenario `NAME`, or the story in `FILE.toml`; `FILE.toml@NAME` tells it under the conditions of a scenario.

    Raises:
        ConfigurationError: there is none; or all that is wrong with the file.
    """
    if name in SCENARIOS:
        return SCENARIOS[name]
    file, _, conditions = name.partition("@")
    if not file.endswith(".toml") or conditions not in ("", *SCENARIOS):
        known = ", ".join(SCENARIOS)
        raise ConfigurationError([f"--scenario {name}: expected FILE.toml, FILE.toml@NAME, or a NAME: {known}"])
    from trioproxy.lab.script.toml import read_story

    told_under = SCENARIOS[conditions].conditions if conditions else Conditions()
    return Scenario(name, f"the story in {file}", read_story(Path(file)), told_under)
