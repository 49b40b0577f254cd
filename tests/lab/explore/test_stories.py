from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.explore.scenarios import SCENARIOS
from trioproxy.lab.explore.stories import find
from trioproxy.lab.script.toml import write_story


def test_a_story_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(write_story(SCENARIOS["join"].story))

    plain, joined = find(str(file)), find(f"{file}@join")

    assert plain.story == joined.story == SCENARIOS["join"].story
    assert plain.conditions.replay is None
    assert joined.conditions is SCENARIOS["join"].conditions


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_can_be_written_and_read(name: str, tmp_path: Path) -> None:
    file = tmp_path / "story.toml"
    file.write_text(write_story(SCENARIOS[name].story))

    assert find(str(file)).story == SCENARIOS[name].story
    assert find(name) is SCENARIOS[name]


def test_the_stories_that_come_with_the_lab_and_scenarios_under_other_conditions() -> None:
    shipped, joined, paced = find("upstream_reset"), find("upstream_reset@join"), find("paced@linger")

    assert shipped.story.name == joined.story.name == "upstream_reset"
    assert shipped.conditions.replay is None
    assert joined.conditions is SCENARIOS["join"].conditions
    assert (paced.story, paced.conditions) == (SCENARIOS["paced"].story, SCENARIOS["linger"].conditions)


@pytest.mark.parametrize("name", ["no", "mine.toml@no", "mine.txt", "paced@"])
def test_what_is_no_story(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"option --scenario: .*expected one of: stream, "):
        find(name)
