"""The naive proxy is one: it passes an answer on."""

from __future__ import annotations

from pathlib import Path

from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.wire.cells import chosen
from trioproxy.lab.wire.examination import Examination
from trioproxy.lab.wire.plan import Plan
from trioproxy.lab.wire.reading import read_target
from trioproxy.lab.wire.shipped import shipped
from trioproxy.trace.records import Record, Run


async def test_an_answer_passes_whole(tmp_path: Path):
    records: list[Record] = []
    plan = Plan(tuple(chosen(["none"], ["h1"])), ("h1",), repetitions=1)
    await Examination(read_target(shipped()["naive"]), plan, records.append, {}).cells_alone()

    [run] = [record for record in records if isinstance(record, Run)]
    assert (run.measures[Measure.SAW], run.measures["whole"]) == (Saw.CLEAN_END, True)
