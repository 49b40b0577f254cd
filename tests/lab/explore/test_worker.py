from __future__ import annotations

import subprocess
import sys

import msgspec

from trioproxy.lab.explore.parts import Part
from trioproxy.lab.explore.working import Done, Task

COMMAND = [sys.executable, "-m", "trioproxy.lab.explore.worker"]


def run(*arguments: str) -> list[Done]:
    task = msgspec.json.encode(Task(Part("replay", 0, ("no-settling",), steps=(0,)))) + b"\n"
    done = subprocess.run([*COMMAND, *arguments], input=task, capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    return [msgspec.json.decode(line, type=Done) for line in done.stdout.splitlines()]


def test_it_explores_the_proxy_and_ends_with_its_input() -> None:
    [done] = run()

    assert [each.broken for each in done.findings] == [{}]


def test_it_explores_a_copy_with_a_bug() -> None:
    [done] = run("lent-for-ever")

    assert [each.broken for each in done.findings] == [{"nothing left behind": 1}]
