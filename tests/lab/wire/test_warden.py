"""The warden itself, without the lab: a leash, a command, and what is left of it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from support.wire_targets import DAEMON, SLEEPS, alive

from trioproxy.lab.wire import warden


def hired(*command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", warden.__file__, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def test_it_tells_the_commands_process_and_status():
    with hired(sys.executable, "-c", "raise SystemExit(5)") as process:
        assert process.stdout
        assert process.stdout.readline().startswith(b"pid ")
        assert process.stdout.readline() == b"status 5\n"


def test_a_command_that_is_none_has_the_shells_status():
    with hired("/no/such") as process:
        assert process.stdout
        assert process.stdout.readline() == b"status 127\n"


def test_when_the_leash_ends_everything_ends(tmp_path: Path):
    with hired(sys.executable, "-c", DAEMON, str(tmp_path / "pid"), "1000") as process:
        assert process.stdout
        assert process.stdin
        pid = int(process.stdout.readline().split()[1])
        until = time.monotonic() + 10
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < until
        process.stdin.close()
        assert process.wait(10) == 0
        assert not alive(pid)
        assert not alive(int((tmp_path / "pid").read_text()))


def test_signals_for_the_lab_mean_nothing_to_it():
    with hired(sys.executable, "-c", SLEEPS) as process:
        assert process.stdout
        assert process.stdin
        pid = int(process.stdout.readline().split()[1])
        for number in warden.IGNORED:
            process.send_signal(number)
        assert alive(pid)
        process.stdin.close()
        assert process.wait(10) == 0


def test_children_are_found_at_every_depth():
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEPS!r}])"
    with hired(sys.executable, "-c", nested) as process:
        assert process.stdin
        until = time.monotonic() + 10
        while len(warden.children(process.pid)) < 2:
            assert time.monotonic() < until
        process.stdin.close()
