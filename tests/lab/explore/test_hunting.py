"""The mutation check: every deliberate bug is found, soon."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trioproxy.lab.explore.hunting import Hunt, hunt, hunt_all, slice_of
from trioproxy.lab.explore.mutants import MUTANTS
from trioproxy.lab.explore.mutating import Edit, Mutant

# In a slice of which each part is some fifty runs.
SOON = 700
PAGE = Path(__file__).parents[3] / "docs/lab/explore.md"


@pytest.mark.parametrize("name", MUTANTS)
async def test_each_bug_is_found(name: str) -> None:
    found = await hunt(MUTANTS[name])

    assert found.caught is not None
    assert found.runs <= SOON
    # It is the bug that was found, and not that the changed text is no program.
    said = " ".join(words for _, words in found.caught.breaches)
    assert not re.search("AttributeError|NameError|TypeError|UnboundLocalError", said)
    # The page says by what and where; its steps and counts move with the code.
    [(invariant, _), *_] = found.caught.breaches
    where = f"`{found.caught.scenario}`, `{'+'.join(found.caught.faults)}` at step"
    assert f"`{name}`: {found.mutant.words} | {invariant} | {where}" in PAGE.read_text()


async def test_what_is_no_bug_is_not_found() -> None:
    harmless = Mutant("no-bug", "", (Edit("trioproxy.relay", "class Relay:", "class Relay(object):"),), ("json",), ())
    hunts: list[Hunt] = []

    await hunt_all([harmless], 1, hunts.append)

    assert [(each.caught, each.runs) for each in hunts] == [(None, 0)]


def test_a_slice_is_its_scenarios_and_faults_under_each_seed() -> None:
    parts = list(slice_of(MUTANTS["leave-twice"], seeds=2))

    assert len(parts) == 2 * 3 * 2
    assert [part.seed for part in parts] == [0] * 6 + [1] * 6


def test_there_are_more_than_ten() -> None:
    assert len(MUTANTS) > 10
    assert all(name == mutant.name for name, mutant in MUTANTS.items())


def test_the_page_says_of_each_what_found_it() -> None:
    page = PAGE.read_text()

    assert [name for name, mutant in MUTANTS.items() if f"`{name}`: {mutant.words} |" not in page] == []
