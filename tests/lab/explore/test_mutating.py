from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trioproxy.lab.explore.mutants import MUTANTS
from trioproxy.lab.explore.mutating import Edit, Mutant, MutantLost, changed, mutate

ROOT = Path(__file__).parents[3]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "mutated_here.py").write_text("ANSWER = 42\nNONE = None\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    yield "mutated_here"
    sys.modules.pop("mutated_here", None)


def mutant(*edits: Edit) -> Mutant:
    return Mutant("test", "a test", edits, (), ())


def test_a_module_is_changed_as_it_is_imported(module: str) -> None:
    mutate(mutant(Edit(module, "42", "41 + 2")))

    assert importlib.import_module(module).ANSWER == 43
    assert list(Path(importlib.import_module(module).__file__ or "").parent.rglob("*.pyc")) == []


@pytest.mark.parametrize("before", ["43", "N"])
def test_a_text_that_does_not_stand_there_once_is_an_error(module: str, before: str) -> None:
    mutate(mutant(Edit(module, before, "x")))

    with pytest.raises(MutantLost, match="expected once"):
        importlib.import_module(module)


def test_it_is_too_late_for_what_is_imported() -> None:
    importlib.import_module("trioproxy.errors")

    with pytest.raises(MutantLost, match=r"trioproxy\.errors"):
        mutate(mutant(Edit("trioproxy.errors", "class", "klass")))


@pytest.mark.parametrize("name", MUTANTS)
def test_every_mutant_applies_to_the_source_as_it_is(name: str) -> None:
    for module in {edit.module for edit in MUTANTS[name].edits}:
        text = (ROOT / f"{module.replace('.', '/')}.py").read_text()
        after = changed(text, module, MUTANTS[name].edits)
        compile(after, module, "exec")
        assert after != text
