"""The FastAPI proxy is one, in whatever environment its libraries are."""

from __future__ import annotations

import ast
from pathlib import Path

from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.wire import peers
from trioproxy.lab.wire.cells import chosen
from trioproxy.lab.wire.examination import Examination
from trioproxy.lab.wire.plan import Plan
from trioproxy.lab.wire.reading import read_target
from trioproxy.lab.wire.shipped import shipped
from trioproxy.lab.wire.target import Install
from trioproxy.trace.records import Record, Run, Trouble

TARGET = read_target(shipped()["fastapi"])


def test_it_needs_nothing_of_this_project():
    tree = ast.parse((Path(peers.__file__).parent / "fastapi_proxy.py").read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not any((name or "").startswith("trioproxy") for name in imported)


async def test_an_answer_passes_whole():
    records: list[Record] = []
    plan = Plan(tuple(chosen(["none"], ["h1"])), ("h1",), repetitions=1)
    # Run by this interpreter: the target's own environment needs a network to be made.
    here = TARGET.model_copy(update={"install": Install()})
    await Examination(here, plan, records.append, {}).cells_alone()

    assert [record for record in records if isinstance(record, Trouble)] == []
    [run] = [record for record in records if isinstance(record, Run)]
    assert (run.measures[Measure.SAW], run.measures["whole"]) == (Saw.CLEAN_END, True)
