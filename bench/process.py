"""Child processes: started, watched through /proc, stopped whatever happens.

A child lives in its own process group and dies with the runner (PR_SET_PDEATHSIG), so that neither an exception nor
a kill of the runner leaves one behind. CPU time and memory are sums over the child and its descendants.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1
STOP_S = 8.0
libc = ctypes.CDLL(None, use_errno=True)


class StartError(Exception):
    """A child did not come up; the text has the end of its log."""


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _die_with_parent() -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def child(
    command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None, stdout: int | IO[bytes] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Runs `command` until the block is left; then SIGTERM, and SIGKILL to its group after `STOP_S`."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=errors if stdout is None else stdout,
            stderr=errors,
            env=env,
            text=True,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()


def await_port(process: subprocess.Popen[str], port: int, log: Path, limit_s: float = 30.0) -> None:
    until, command = time.monotonic() + limit_s, process.args
    while not accepts(port):
        if process.poll() is not None or time.monotonic() > until:
            raise StartError(f"{command!r} does not listen on {port}:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                found.extend(int(each) for each in children.read_text().split())
    return found


def cpu_s(pid: int) -> float:
    """User and system time of all threads, exited ones included."""
    ticks = 0
    for each in family(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_S


def memory_kb(pid: int, field: str) -> int:
    """`VmRSS` (now) or `VmHWM` (the most since the start, or since `reset_peak`)."""
    total = 0
    for each in family(pid):
        for line in Path(f"/proc/{each}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                total += int(line.split()[1])
    return total


def reset_peak(pid: int) -> None:
    for each in family(pid):
        Path(f"/proc/{each}/clear_refs").write_text("5")
