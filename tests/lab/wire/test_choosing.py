"""From the words of a command line to targets and a plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.wire.cells import cells
from trioproxy.lab.wire.choosing import chosen_targets, plan_for
from trioproxy.lab.wire.shipped import shipped


def names(*words: str) -> list[str | None]:
    return [target.name if target else None for target in chosen_targets(words).values()]


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


def test_a_target_is_known_by_what_it_was_called(tmp_path: Path):
    path = tmp_path / "my own.toml"
    path.write_text(shipped()["nginx"].read_text().replace('"nginx"', '"mine"', 1))
    targets = chosen_targets(["naive", str(path)])

    assert list(targets) == ["direct", "naive", str(path)]
    assert plan_for([], [], 1, figures=False, quick=True, targets=targets).called == {
        "naive": "naive",
        "mine": str(path),
    }


def test_protocols_several_at_a_time():
    assert plan_for([], ["h2, h1"], 1, figures=False, quick=True).protocols == ("h1", "h2")
    assert plan_for([], ["h2", "h2c"], 1, figures=False, quick=True).protocols == ("h2c", "h2")
    with pytest.raises(ConfigurationError) as caught:
        plan_for(["nobody"], ["h3"], 1, figures=False, quick=True)
    assert caught.value.problems[:2] == [
        "option --protocol: h3: no such protocol; expected some of: h1, h2c, h2",
        "option --cells: nobody: no such cell",
    ]


def test_a_plan():
    plan = plan_for(["gzip; FIN/waiting"], ["h1"], 7, figures=False, quick=True)
    assert [cell.word for cell in plan.cells] == ["FIN/waiting for the head", "gzip"]
    assert (plan.protocols, plan.repetitions, plan.figures, plan.quick) == (("h1",), 7, False, True)
    assert plan_for([], [], 1, figures=True, quick=False).cells == tuple(cells())
