"""Several processes that share the parts of an exploration.

    parts ─▶ worker, worker, … ─▶ findings, as they come

They are children of this process and end with it: cancellation and errors kill them, and if this process is killed
itself their input ends, whereupon they do.
"""

# Each worker is a task here that hands it its parts.
# ruff: noqa: TID251

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

import msgspec
import trio

from trioproxy.errors import TrioProxyError
from trioproxy.lab.explore.findings import Findings
from trioproxy.lab.explore.parts import Part
from trioproxy.lab.explore.working import Done, Task

_READ_BYTES = 1 << 16
_done = msgspec.json.Decoder(Done).decode
_encode = msgspec.json.Encoder().encode


class WorkerLost(TrioProxyError):
    """A process that explores has ended before its work was done."""


async def share(
    parts: Iterator[Part],
    jobs: int,
    tell: Callable[[list[Findings]], bool],
    *,
    arguments: Sequence[str] = (),
    until_broken: bool = False,
) -> None:
    """Have all parts explored by `jobs` processes.

    Args:
        tell: called with what was found in each part; False: it is enough, and what is under way is given up.
        arguments: of the worker; see `worker.py`.
        until_broken: a part ends at the first run in which an invariant is broken.

    Raises:
        WorkerLost: one has ended early; says its last words.
    """
    async with trio.open_nursery() as nursery:

        async def work() -> None:
            worker = Worker(arguments)
            async with worker:
                for part in parts:
                    if not tell(await worker.do(Task(part, until_broken))):
                        nursery.cancel_scope.cancel()

        for _ in range(jobs):
            nursery.start_soon(work)


class Worker:
    """One process of a module that answers each line with one. Leaving the `async with` block ends it."""

    def __init__(self, arguments: Sequence[str] = (), module: str = "trioproxy.lab.explore.worker") -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._process: trio.Process
        self._left_over = b""

    async def __aenter__(self) -> Worker:
        pipe = subprocess.PIPE
        self._process = await trio.lowlevel.open_process(self._command, stdin=pipe, stdout=pipe, stderr=pipe)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._process.kill()
        with trio.CancelScope(shield=True):  # it has been killed: this does not last
            await self._process.wait()
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
                if stream is not None:
                    await stream.aclose()

    async def do(self, task: Task) -> list[Findings]:
        """What it finds in one part. Raises WorkerLost."""
        return _done(await self.ask(_encode(task))).findings

    async def ask(self, line: bytes) -> bytes:
        """The line that it answers. Raises WorkerLost."""
        assert self._process.stdin is not None
        try:
            await self._process.stdin.send_all(line + b"\n")
        except trio.BrokenResourceError:
            raise await self._lost() from None
        return await self._line()

    async def _line(self) -> bytes:
        assert self._process.stdout is not None
        pieces = [self._left_over]
        while b"\n" not in pieces[-1]:
            data = await self._process.stdout.receive_some(_READ_BYTES)
            if not data:
                raise await self._lost()
            pieces.append(bytes(data))
        line, _, self._left_over = b"".join(pieces).partition(b"\n")
        return line

    async def _lost(self) -> WorkerLost:
        assert self._process.stderr is not None
        said = b"".join([bytes(data) async for data in self._process.stderr]).decode(errors="replace").strip()
        status = await self._process.wait()
        return WorkerLost(f"a worker ended with status {status}: {said or 'it said nothing'}")
