"""Several processes that share the cells of a comparison; what is found does not depend on how many there are.

cells ─▶ worker, worker, … ─▶ findings, in the order of the cells
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from trioproxy.lab import workers
from trioproxy.lab.compare.worker import Cell
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

    def take(number: int, line: bytes) -> bool:
        found[number] = _findings(line)
        tell(len(found))
        return True

    await workers.share(map(_encode, cells), min(jobs, len(cells)), lambda: workers.Worker(MODULE), take)
    return [found[number] for number in range(len(cells))]
