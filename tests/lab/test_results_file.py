from __future__ import annotations

import re
from pathlib import Path

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.results_file import opened, results_path


def test_it_is_the_one_that_was_asked_for_or_one_of_this_moment() -> None:
    assert results_path("wire", "mine.jsonl") == Path("mine.jsonl")
    assert re.fullmatch(r"lab-explore-\d{8}-\d{6}\.jsonl", str(results_path("explore", None)))


def test_one_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "results.jsonl"

    with pytest.raises(ConfigurationError, match=re.escape(f"option --out: cannot write {path}: No such file")):
        opened(path)
