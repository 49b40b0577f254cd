"""A command beside a proxy: status, signals, and what happens when one of the two is lost."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import trio

from trioproxy.cli.companion import accompany
from trioproxy.errors import LedgerError, OurError
from trioproxy.settings import Settings

URL = "http://127.0.0.1:41234"
# A command that tells what signals it gets, and ends with the last of them.
LISTENER = """
import os, signal, sys
got = []
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, frame: got.append(number))
with open(sys.argv[1], "w"):
    pass                                    # the reader of this fifo goes on
while not got:
    signal.pause()
sys.exit(got[0] + 40)
"""


class Proxy:
    """A proxy in name only: it starts, waits to be stopped, and remembers."""

    def __init__(self, *, fails: Exception | None = None) -> None:
        self.fails = fails
        self.drained = False
        self.stop: trio.Event | None = None

    async def serve(self, settings: Settings, *, stop: trio.Event, task_status: trio.TaskStatus[str]) -> int:
        if self.fails:
            raise self.fails
        self.stop = stop
        task_status.started(URL)
        await stop.wait()
        await trio.lowlevel.checkpoint()
        self.drained = True
        return 0


async def run(proxy: Proxy, *command: str) -> int:
    return await accompany(Settings(), command, dict(os.environ), server=proxy.serve)


async def python(proxy: Proxy, code: str, *arguments: str) -> int:
    return await run(proxy, sys.executable, "-c", code, *arguments)


async def test_the_command_finds_the_proxy_and_gives_the_status():
    proxy = Proxy()
    code = f"import os, sys; sys.exit(7 if os.environ['OPENAI_BASE_URL'] == '{URL}/openai/v1' else 1)"
    assert await python(proxy, code) == 7
    assert proxy.drained


async def test_a_command_that_a_signal_ended():
    assert await python(Proxy(), "import os; os.kill(os.getpid(), 9)") == 128 + 9


async def test_a_command_that_cannot_be_started(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF and no more")
    program.chmod(0o755)
    proxy = Proxy()
    assert await run(proxy, str(program)) == 126
    assert capfd.readouterr().err == f"trioproxy: {program}: Exec format error\n"
    assert proxy.drained


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_signals_are_passed_on(tmp_path: Path, number: signal.Signals):
    # Standard input of the tests may be a terminal, where SIGINT is the terminal's affair.
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    statuses: list[int] = []

    async def accompanied() -> None:
        statuses.append(await python(Proxy(), LISTENER, str(ready)))

    terminal, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(accompanied)
            await trio.to_thread.run_sync(ready.read_bytes, abandon_on_cancel=True)
            os.kill(os.getpid(), number)
    finally:
        os.dup2(terminal, 0)
        os.close(terminal)
        os.close(nothing)
    assert statuses == [number + 40]


async def test_a_signal_before_the_command_has_started():
    async def slow(settings: Settings, *, stop: trio.Event, task_status: trio.TaskStatus[str]) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        await trio.sleep_forever()
        return 0

    with trio.fail_after(30):
        assert await accompany(Settings(), ["true"], {}, server=slow) == 128 + signal.SIGTERM


async def test_a_signal_during_the_drain_ends_it():
    async def lingering(settings: Settings, *, stop: trio.Event, task_status: trio.TaskStatus[str]) -> int:
        task_status.started(URL)
        await stop.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await trio.sleep_forever()
        return 0

    with trio.fail_after(30):
        assert await accompany(Settings(), [sys.executable, "-c", "exit(3)"], {}, server=lingering) == 3


async def test_a_proxy_that_is_lost_takes_the_command_with_it(tmp_path: Path):
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    proxy = Proxy()
    with pytest.RaisesGroup(OurError, flatten_subgroups=True):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(python, proxy, LISTENER, str(ready))
            await trio.to_thread.run_sync(ready.read_bytes, abandon_on_cancel=True)
            assert proxy.stop is not None
            proxy.stop.set()


async def test_a_proxy_that_does_not_start(tmp_path: Path):
    with pytest.RaisesGroup(LedgerError, flatten_subgroups=True):
        await run(Proxy(fails=LedgerError("no")), "true")


# On a terminal of its own: the proxy's side counts what the command gets.
ON_A_TERMINAL = """
import os, signal, sys, trio
from trioproxy.cli.companion import accompany
from trioproxy.settings import Settings

async def proxy(settings, *, stop, task_status):
    task_status.started("http://127.0.0.1:1")
    await stop.wait()
    return 0

async def main():
    return await accompany(Settings(), sys.argv[1:], dict(os.environ), server=proxy)

sys.exit(trio.run(main))
"""
COUNTER = """
import signal
import subprocess
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
print("ready", flush=True)
signal.sigwait({signal.SIGINT})
# Were Ctrl-C passed on as well, a second one would come within this time.
print("again" if signal.sigtimedwait({signal.SIGINT}, 0.3) else "once", flush=True)
"""


def test_ctrl_c_on_a_terminal_reaches_the_command_once():
    master, slave = pty.openpty()
    command = [sys.executable, "-c", ON_A_TERMINAL, sys.executable, "-c", COUNTER]
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, preexec_fn=partial(os.login_tty, os.dup(slave))
    )
    os.close(slave)
    with os.fdopen(master, "r+b", buffering=0) as terminal:
        seen = b""
        while b"ready" not in seen:
            seen += terminal.read(1024)
        terminal.write(b"\x03")
        while b"once" not in seen and b"again" not in seen:
            seen += terminal.read(1024)
        assert process.wait(timeout=30) == 0, seen
    assert b"once" in seen
