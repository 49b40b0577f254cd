"""The targets that come with the lab are right, and others are found by path."""

from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.wire.reading import read_target
from trioproxy.lab.wire.shipped import find, shipped, words_of


@pytest.mark.parametrize("name", shipped())
def test_each_is_right_and_called_like_its_file(name: str):
    assert read_target(shipped()[name]).name == name


def test_names_and_paths_several_at_a_time(tmp_path: Path):
    mine = tmp_path / "mine.toml"
    mine.write_text(shipped()["nginx"].read_text().replace('"nginx"', '"mine"', 1))

    assert [target.name for target in find(["nginx trioproxy", str(mine), "direct", "nginx"]).values()] == [
        "nginx",
        "trioproxy",
        "mine",
    ]


def test_a_path_with_blanks_is_one_name(tmp_path: Path):
    path = tmp_path / "my own.toml"
    path.touch()
    assert words_of([str(path), "a, b"]) == [str(path), "a", "b"]


def test_every_fault_of_every_one_is_told(tmp_path: Path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('name = "wrong"\nspeaks = ["h1"]\n')
    twin = tmp_path / "twin.toml"
    twin.write_text(shipped()["nginx"].read_text().replace("worker_connections 4096", "worker_connections 1"))
    with pytest.raises(ConfigurationError) as caught:
        find(["ngnix", "nothing", str(wrong), "nginx", str(twin)])

    assert [problem.partition("; ")[0] for problem in caught.value.problems] == [
        "option --target: ngnix: no such target",
        "option --target: nothing: no such target",
        f"{wrong}: line 1: says: missing",
        f"{wrong}: line 1: run: missing",
        f"{twin}: name: there are two targets named 'nginx'",
    ]
    assert "did you mean nginx?" in caught.value.problems[0]
    assert f"expected a file, or one of: {', '.join(shipped())}" in caught.value.problems[1]
