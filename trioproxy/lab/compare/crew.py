"""Several processes that share the cells of a comparison; what is found does not depend on how many there are.

cells ─▶ worker, worker, … ─▶ findings, in the order of the cells
"""

# Each worker is a task here that hands it its cells.
# ruff: noqa: TID251

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import trio

from trioproxy.lab.compare.worker import Cell
from trioproxy.lab.explore.crew import Worker
from trioproxy.lab.explore.findings import Findings

MODULE = "trioproxy.lab.compare.worker"
_findings = msgspec.json.Decoder(Findings).decode
_encode = msgspec.json.Encoder().encode


async def share(cells: Sequence[Cell], jobs: int, tell: Callable[[int], None]) -> list[Findings]:
    """Have all cells swept by `jobs` processes; `tell` is called with how many are done.

    Raises:
        WorkerLost: one has ended early; says its last words.

    Cancellation kills them.
    """
    found: dict[int, Findings] = {}
    numbers = iter(range(len(cells)))

    async def work() -> None:
        async with Worker(module=MODULE) as worker:
            for number in numbers:
                found[number] = _findings(await worker.ask(_encode(cells[number])))
                tell(len(found))

    async with trio.open_nursery() as nursery:
        for _ in range(min(jobs, len(cells))):
            nursery.start_soon(work)
    return [found[number] for number in range(len(cells))]
