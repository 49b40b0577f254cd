"""Experiments are found by listing, and make their own pages."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.compare.experiment import Claim, Result, figures, find, grid, hypothesis, markdown, names, page
from trioproxy.trace.records import Figure

ROOT = Path(__file__).parents[3]


def test_every_file_is_an_experiment() -> None:
    files = {path.stem for path in (ROOT / "trioproxy/lab/experiments").glob("*.py")} - {"__init__"}

    assert set(names()) == files
    assert len(files) >= 8


def test_one_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(ConfigurationError, match=r"expected one of: .*what_a_flag_gets_wrong"):
        find("os")


@pytest.mark.parametrize("name", names())
def test_an_experiment_says_all_that_a_page_needs(name: str) -> None:
    experiment = find(name)

    assert experiment.QUESTION.endswith("?")
    assert hypothesis(experiment)
    assert all(text.strip() for text in (experiment.METHOD, experiment.FOLLOWS, experiment.LIMITS))
    assert experiment.SEEDS >= 1


def test_a_page_says_what_was_measured_and_what_failed() -> None:
    shown = grid(("pump", "runs"), [("house", 3), ("request", 0.123456)])
    result = Result((("Runs:", shown),), (Claim("It is so.", holds=True), Claim("It is not.", holds=False)))

    text = page("what_a_flag_gets_wrong", result)

    assert text.startswith("# What does a flag get wrong?\n")
    assert "| pump | runs |\n| --- | ---: |\n| house | 3 |\n| request | 0.123 |\n" in text
    assert "| It is so. | holds |\n| It is not. | **does not hold** |\n" in text
    assert "\ntrioproxy lab compare what_a_flag_gets_wrong\n" in text
    assert markdown(shown.table)[0] == "| pump | runs |"


def test_what_was_measured_is_records_too() -> None:
    shown = grid(("pump", "runs", "longest", "share", "s"), [("house", 3, "never", "8%", "0.50")])
    result = Result((("Runs:", shown),), (Claim("It is so.", holds=True),))

    assert list(figures("why", result)) == [
        Figure(subject="house", name="Runs: runs", value=3.0, unit=""),
        Figure(subject="house", name="Runs: longest", value=None, unit="", note="never"),
        Figure(subject="house", name="Runs: share", value=8.0, unit="%"),
        Figure(subject="house", name="Runs: s", value=0.5, unit=""),
        Figure(subject="why", name="It is so.", value=1.0, unit="holds"),
    ]


@pytest.mark.parametrize("name", names())
def test_a_page_is_there_and_its_prose_is_the_experiments(name: str) -> None:
    text = (ROOT / f"docs/experiments/{name}.md").read_text("utf-8")
    bare = page(name, Result((), ()))
    prose = [line for line in bare.splitlines() if line and not line.startswith("|")]

    assert [line for line in prose if line not in text.splitlines()] == []


def test_the_index_lists_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    make = importlib.import_module("make_experiments")
    try:
        text = make.INDEX.read_text("utf-8")
        assert make.index(text) == text
    finally:
        del sys.modules["make_experiments"]
