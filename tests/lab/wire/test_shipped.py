"""The targets that come with the lab are right, and others are found by path."""

from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.wire.cells import chosen
from trioproxy.lab.wire.certificate import make_certificate
from trioproxy.lab.wire.examination import Examination
from trioproxy.lab.wire.plan import Plan
from trioproxy.lab.wire.reading import read_target
from trioproxy.lab.wire.shipped import find, shipped, words_of
from trioproxy.trace.records import Record, Run, Trouble


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


async def test_the_proxy_with_a_certificate_starts_and_passes_an_answer_over_tls(tmp_path: Path):
    records: list[Record] = []
    plan = Plan(tuple(chosen(["none"], ["h2"])), ("h2",), repetitions=1)
    target = read_target(shipped()["trioproxy-tls"])
    await Examination(target, plan, records.append, make_certificate(tmp_path)).cells_alone()

    assert [record for record in records if isinstance(record, Trouble)] == []
    [run] = [record for record in records if isinstance(record, Run)]
    assert (run.measures[Measure.SAW], run.measures["status"], run.measures["whole"]) == (Saw.CLEAN_END, 200, True)
