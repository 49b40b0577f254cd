from __future__ import annotations

import pytest

from trioproxy.lab.explore.crew import Worker, share
from trioproxy.lab.explore.findings import Findings
from trioproxy.lab.explore.parts import Part
from trioproxy.lab.explore.working import Task
from trioproxy.lab.workers import WorkerLost

ONE = Part("stream", 0, ("leave",), steps=(3,))


async def test_processes_share_the_parts() -> None:
    runs: list[Findings] = []

    def tell(findings: list[Findings]) -> bool:
        runs.extend(findings)
        return True

    await share((Part("stream", seed, ("leave",), steps=(3,)) for seed in range(5)), 2, tell)

    assert sum(each.runs for each in runs) == 5


async def test_what_is_enough_ends_it() -> None:
    await share((ONE for _ in range(1_000_000)), 1, lambda _: False)


async def test_a_worker_that_is_lost_says_why() -> None:
    worker = Worker(["no-such-mutant"])
    async with worker:
        with pytest.raises(WorkerLost, match="KeyError: 'no-such-mutant'"):
            await worker.do(Task(ONE))
