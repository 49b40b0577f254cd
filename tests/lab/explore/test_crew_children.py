"""No worker outlives whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PATIENCE_S = 60.0
COMMAND = [sys.executable, "-m", "trioproxy", "lab", "explore", "--seeds", "1000", "--jobs", "2"]


def until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_there(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.fixture
def exploring(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=tmp_path
    )
    until(lambda: len(children(process.pid)) == 2)
    yield process
    process.kill()
    process.communicate()


def test_ctrl_c_ends_everybody(exploring: subprocess.Popen[str]) -> None:
    workers = children(exploring.pid)

    os.killpg(exploring.pid, signal.SIGINT)
    out, error = exploring.communicate(timeout=PATIENCE_S)

    assert (exploring.returncode, out, error) == (130, "", "")
    assert not any(map(is_there, workers))


def test_workers_end_when_their_starter_is_killed(exploring: subprocess.Popen[str]) -> None:
    workers = children(exploring.pid)

    exploring.kill()
    exploring.communicate()

    until(lambda: not any(map(is_there, workers)))
