"""Keeps one command of somebody else's, and lets nothing of it outlive the lab. A program of its own.

    lab ──leash (stdin)──▶ warden ──▶ the command ──▶ whatever it starts
        ◀──"pid 123", "status 0"──

The warden is the command's parent and the reaper of every orphan below it (PR_SET_CHILD_SUBREAPER, prctl(2)), so all
that the command has started, daemons of two forks included, is below the warden. When the leash ends, because the lab
said so or because it is gone, killed or not, all of that is killed, until there is no child left to wait for.

It imports the standard library alone and is started without site packages: it has to be there in no time. Signals that
a terminal or a supervisor sends to the lab's processes mean nothing to it; the leash alone does.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main(command: list[str]) -> int:
    """Run `command` until it is let go of; its output goes to our standard error."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in IGNORED:
        # A handler, not SIG_IGN: that would be handed down to the command.
        signal.signal(number, lambda *_: None)
    wakes, wakened = os.pipe()
    os.set_blocking(wakened, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakened, warn_on_full_buffer=False)
    try:
        child = subprocess.Popen(  # noqa: S603  # what the target file says
            command,
            stdin=subprocess.DEVNULL,
            stdout=2,
            start_new_session=True,
            preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
        )
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        say("status 127")
        return 0
    say(f"pid {child.pid}")
    while True:
        readable, _, _ = select.select([0, wakes], [], [])
        if wakes in readable:
            os.read(wakes, 4096)
            reap(child.pid)
        if 0 in readable and not os.read(0, 4096):
            break
    end_all(child.pid)
    return 0


def say(line: str) -> None:
    """A line to the lab; it may be gone."""
    with contextlib.suppress(OSError):
        os.write(1, line.encode() + b"\n")


def reap(main_pid: int) -> bool:
    """Take notice of every child that has ended; False once there is none at all."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True
        if pid == main_pid:
            say(f"status {os.waitstatus_to_exitcode(status)}")


def end_all(main_pid: int) -> None:
    """SIGKILL to everything below, again and again, since each of them may have started one more."""
    while reap(main_pid):
        for pid in children(os.getpid()):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        select.select([], [], [], 0.005)


def children(pid: int) -> list[int]:
    """Everything that descends from `pid`, which itself is left out."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{parent}/task"):  # noqa: PTH208  # pathlib is slow to import
                with open(f"/proc/{parent}/task/{thread}/children") as file:  # noqa: PTH123
                    found += [int(each) for each in file.read().split()]
    return found[1:]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
