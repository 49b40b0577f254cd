"""Several processes that share the parts of an exploration.

parts ─▶ worker, worker, … ─▶ findings, as they come
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from trioproxy.lab import workers
from trioproxy.lab.explore.findings import Findings
from trioproxy.lab.explore.parts import Part
from trioproxy.lab.explore.working import Done, Task

MODULE = "trioproxy.lab.explore.worker"
_done = msgspec.json.Decoder(Done).decode
_encode = msgspec.json.Encoder().encode


class Worker(workers.Worker):
    """One process that explores; `arguments` as in `worker.py`."""

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        super().__init__(MODULE, arguments)

    async def do(self, task: Task) -> list[Findings]:
        """What it finds in one part. Raises WorkerLost."""
        return _done(await self.ask(_encode(task))).findings


async def share(parts: Iterator[Part], jobs: int, tell: Callable[[list[Findings]], bool]) -> None:
    """Have all parts explored by `jobs` processes.

    Args:
        tell: called with what was found in each part; False: it is enough, and what is under way is given up.

    Raises:
        WorkerLost: one has ended early; says its last words.
    """
    lines = (_encode(Task(part)) for part in parts)
    await workers.share(lines, jobs, Worker, lambda _, line: tell(_done(line).findings))
