"""Processes that answer each line with one, and how several of them share many lines.

    lines ─▶ worker, worker, … ─▶ answers, as they come

They are children of this process and end with it: cancellation and errors kill them, and if this process is killed
itself their input ends, whereupon they do.
"""

# Each worker is a task here that hands it its lines.
# ruff: noqa: TID251

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO, Self

import trio

from trioproxy.errors import TrioProxyError

_READ_BYTES = 1 << 16


class WorkerLost(TrioProxyError):
    """A process has ended before its work was done."""


class Worker:
    """One process of a module that answers each line with one (`answer`). Leaving the `async with` block ends it."""

    def __init__(self, module: str, arguments: Sequence[str] = ()) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._process: trio.Process
        self._left_over = b""

    async def __aenter__(self) -> Self:
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

    async def ask(self, line: bytes) -> bytes:
        """The line that it answers, both without their ends. Raises WorkerLost."""
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


async def share(
    lines: Iterable[bytes], jobs: int, worker: Callable[[], Worker], tell: Callable[[int, bytes], bool]
) -> None:
    """Have all lines answered by `jobs` processes.

    Args:
        worker: makes one that has not been started.
        tell: called with the number of a line, from 0, and its answer, as it comes; False: it is enough, and what is
            under way is given up.

    Raises:
        WorkerLost: one has ended early; says its last words.
    """
    numbered = enumerate(lines)
    async with trio.open_nursery() as nursery:

        async def work() -> None:
            async with worker() as one:
                for number, line in numbered:
                    if not tell(number, await one.ask(line)):
                        nursery.cancel_scope.cancel()

        for _ in range(jobs):
            nursery.start_soon(work)


def answer(lines: Iterable[bytes], answers: BinaryIO, do: Callable[[bytes], bytes]) -> int:
    """Answer each line that comes, until none does, or nobody listens; the exit status of a worker.

    Reading blocks, and nothing else is there that could wait.
    """
    for line in lines:
        said = do(line)
        try:
            answers.write(said + b"\n")
            answers.flush()
        except BrokenPipeError:
            break  # nobody wants it any more
    return 0
