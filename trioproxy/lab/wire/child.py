"""A proxy under test as a child process: started, watched, signalled, and gone when the block is left.

    async with Child.started(command, folder=folder, environ=environ) as child:
        child.pid, child.output(), child.rss_bytes()
        child.signal(signal.SIGTERM)
        status = await child.ended(within_s=5)

Between us and it stands a warden (`warden.py`), which ends it and everything that it started, whatever becomes of us:
an error, Ctrl-C, SIGKILL. Network namespaces are not needed: all is on the loopback interface, on free ports.
"""

# A child is read from and waited for by tasks that the block owns.
# ruff: noqa: TID251

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

import trio

from trioproxy.lab.wire import warden
from trioproxy.lab.wire.trouble import TargetTrouble

# Most of what is kept of a child's output is its end.
OUTPUT_BYTES = 20_000
# How long everything below a warden may take to die of SIGKILL.
KILL_S = 5.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Child:
    """One command under its warden. Made by `started`."""

    def __init__(self, process: trio.Process, log: Path) -> None:
        self.log = log
        # None until the command has started; it stays once the command has ended.
        self.pid: int | None = None
        # The exit status; negative: the signal that ended it; 127: the command could not be started.
        self.status: int | None = None
        self._process = process
        self._happened = trio.Event()

    @classmethod
    @asynccontextmanager
    async def started(
        cls, command: Sequence[str], *, folder: Path, environ: Mapping[str, str], log: Path
    ) -> AsyncIterator[Self]:
        """Run `command` in `folder`, its output appended to `log`, until the block is left.

        Raises:
            TargetTrouble: it cannot be started at all.
        """
        with log.open("ab") as output:
            process = await trio.lowlevel.open_process(
                [sys.executable, "-I", "-S", str(Path(warden.__file__)), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=folder,
                env=dict(environ),
                start_new_session=True,
            )
        child = cls(process, log)
        failure: Exception | None = None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(child._listen)
                try:
                    await child._until(lambda: child.pid is not None or child.status is not None, KILL_S)
                    child._check_started()
                    yield child
                except Exception as error:  # noqa: BLE001  # raised below: out of the nursery, it needs no group
                    failure = error
                nursery.cancel_scope.cancel()
        finally:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + KILL_S):
                await child._let_go()
        if failure is not None:
            raise failure

    @property
    def alive(self) -> bool:
        """The command itself has not ended."""
        return self.pid is not None and self.status is None

    def output(self) -> str:
        """The end of what it has said."""
        with suppress(OSError), self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - OUTPUT_BYTES))
            return file.read().decode(errors="replace")
        return ""

    def family(self) -> list[int]:
        """The command and everything that it has started and that still is."""
        return warden.children(self._process.pid)

    def rss_bytes(self) -> int:
        """The resident memory of the family."""
        pages = 0
        for pid in self.family():
            with suppress(OSError):
                pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * PAGE_BYTES

    def signal(self, number: int) -> None:
        """Send a signal to the command itself, as a supervisor does."""
        if self.alive and self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL, to the whole family at once."""
        for pid in self.family():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def ended(self, within_s: float) -> int | None:
        """Wait for the command's end; its status, or None if it goes on."""
        await self._until(lambda: self.status is not None, within_s)
        return self.status

    def _check_started(self) -> None:
        if self.pid is None:
            raise TargetTrouble("cannot be started", self.output(), for_good=True)

    async def _until(self, fact: Callable[[], bool], within_s: float) -> None:
        with trio.move_on_after(within_s):
            while not fact():
                await self._happened.wait()

    async def _listen(self) -> None:
        assert self._process.stdout
        text = b""
        while data := await self._process.stdout.receive_some():
            text += bytes(data)
            *lines, text = text.split(b"\n")
            for line in lines:
                word, _, number = line.partition(b" ")
                if word == b"pid":
                    self.pid = int(number)
                else:
                    self.status = int(number)
            self._happened.set()
            self._happened = trio.Event()
        if self.status is None:
            # The warden itself was killed; the kernel has ended the command (PR_SET_PDEATHSIG).
            self.status = -signal.SIGKILL
        self._happened.set()
        self._happened = trio.Event()

    async def _let_go(self) -> None:
        """Give the leash up; the warden leaves when nothing is left below it."""
        assert self._process.stdin
        await self._process.stdin.aclose()
        await self._process.wait()
