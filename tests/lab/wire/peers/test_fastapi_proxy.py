"""The FastAPI proxy is one, where its environment is installed; elsewhere it is at least Python."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.wire import peers
from trioproxy.lab.wire.cells import chosen
from trioproxy.lab.wire.examination import Examination
from trioproxy.lab.wire.installing import missing
from trioproxy.lab.wire.plan import Plan
from trioproxy.lab.wire.reading import read_target
from trioproxy.lab.wire.shipped import shipped
from trioproxy.trace.records import Record, Run

TARGET = read_target(shipped()["fastapi"])


def test_it_needs_nothing_of_this_project():
    tree = ast.parse((Path(peers.__file__).parent / "fastapi_proxy.py").read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not any((name or "").startswith("trioproxy") for name in imported)


@pytest.mark.skipif(bool(missing(TARGET)), reason="trioproxy lab wire --target fastapi --install")
async def test_an_answer_passes_whole():
    records: list[Record] = []
    plan = Plan(tuple(chosen(["none"], ["h1"])), ("h1",), repetitions=1)
    await Examination(TARGET, plan, records.append, {}).cells_alone()

    [run] = [record for record in records if isinstance(record, Run)]
    assert (run.measures[Measure.SAW], run.measures["whole"]) == (Saw.CLEAN_END, True)
