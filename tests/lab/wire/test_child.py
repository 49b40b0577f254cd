"""A child of the lab: started, watched, and gone with everything that it has started."""

# Other processes are watched from outside: /proc tells nobody when it changes.
# ruff: noqa: ASYNC110

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
import trio
from support.wire_targets import DAEMON, LEAVES_AT_ONCE, SLEEPS, STUBBORN, alive

from trioproxy.lab.wire.child import Child
from trioproxy.lab.wire.trouble import TargetTrouble


def started(folder: Path, script: str, *arguments: str):
    command = [sys.executable, "-S", "-c", script, *arguments]
    return Child.started(command, folder=folder, environ=os.environ, log=folder / "log")


async def said(child: Child, words: str) -> None:
    with trio.fail_after(10):
        while words not in child.output():
            await trio.sleep(0.005)


async def test_what_it_says_and_its_status_are_known(tmp_path: Path):
    async with started(tmp_path, LEAVES_AT_ONCE) as child:
        assert await child.ended(10) == 3
        assert not child.alive
        assert "no licence" in child.output()


async def test_it_is_gone_when_the_block_is_left(tmp_path: Path):
    async with started(tmp_path, SLEEPS) as child:
        await said(child, "thinking")
        assert child.alive
        pid = child.pid
        assert pid in child.family()
        assert child.rss_bytes() > 1_000_000
    assert pid is not None
    assert not alive(pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_signal_reaches_the_command_itself(tmp_path: Path, number: int):
    async with started(tmp_path, SLEEPS) as child:
        child.signal(number)
        assert await child.ended(10) == -number


async def test_one_that_ignores_signals_goes_on_and_is_killed_in_the_end(tmp_path: Path):
    async with started(tmp_path, STUBBORN) as child:
        await said(child, "ready")
        child.signal(signal.SIGTERM)
        assert await child.ended(0.1) is None
        pid = child.pid
    assert pid is not None
    assert not alive(pid)


@pytest.mark.parametrize("lasts_s", ["1000", "0"], ids=["beside its parent", "its parent is gone"])
async def test_a_daemon_that_it_left_behind_goes_as_well(tmp_path: Path, lasts_s: str):
    async with started(tmp_path, DAEMON, str(tmp_path / "pid"), lasts_s) as child:
        await said(child, "ready")
        if lasts_s == "0":
            assert await child.ended(10) == 0
        daemon = int((tmp_path / "pid").read_text())
        assert daemon in child.family()
    assert not alive(daemon)


async def test_killing_means_the_whole_family(tmp_path: Path):
    async with started(tmp_path, DAEMON, str(tmp_path / "pid"), "1000") as child:
        await said(child, "ready")
        child.kill()
        assert await child.ended(10) == -signal.SIGKILL
        with trio.fail_after(10):
            while alive(int((tmp_path / "pid").read_text())):
                await trio.sleep(0.005)


async def test_cancellation_takes_it_along(tmp_path: Path):
    pid = None
    with trio.CancelScope() as scope:
        async with started(tmp_path, SLEEPS) as child:
            pid = child.pid
            scope.cancel()
            await trio.sleep_forever()
    assert pid is not None
    assert not alive(pid)


async def test_an_error_in_the_block_comes_out_as_it_is(tmp_path: Path):
    with pytest.raises(ZeroDivisionError):
        async with started(tmp_path, SLEEPS):
            raise ZeroDivisionError


async def test_a_command_that_is_none_is_trouble(tmp_path: Path):
    with pytest.raises(TargetTrouble, match="cannot be started") as caught:
        async with Child.started(["/no/such"], folder=tmp_path, environ=os.environ, log=tmp_path / "log"):
            pass
    assert "/no/such: No such file or directory" in caught.value.output


LAB = """
import os, sys, trio
from pathlib import Path
from trioproxy.lab.wire.child import Child

async def main():
    folder = Path(sys.argv[1])
    async with Child.started([sys.executable, "-c", sys.argv[2], sys.argv[3], "1000"],
                             folder=folder, environ=os.environ, log=folder / "log") as child:
        while "ready" not in child.output():
            await trio.sleep(0.005)
        print(child.pid, flush=True)
        await trio.sleep_forever()

trio.run(main)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
async def test_nothing_outlives_a_lab_that_is_killed(tmp_path: Path, number: int):
    command = [sys.executable, "-c", LAB, str(tmp_path), DAEMON, str(tmp_path / "pid")]
    lab = await trio.lowlevel.open_process(command, stdout=-1, stderr=-3)
    assert lab.stdout
    try:
        with trio.fail_after(20):
            pids = [int(await lab.stdout.receive_some()), int((tmp_path / "pid").read_text())]
            assert all(alive(pid) for pid in pids)
            lab.send_signal(number)
            await lab.wait()
            while any(alive(pid) for pid in pids):
                await trio.sleep(0.005)
    finally:
        lab.kill()
        await lab.stdout.aclose()
