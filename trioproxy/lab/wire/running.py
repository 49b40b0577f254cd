"""A target that runs: its files are written, its command is started, it listens.

    async with running(target, place) as proxy:
        proxy.port("h1"), proxy.rss_bytes(), await proxy.stopped(signal.SIGTERM, within_s=10)

What does not come up, or dies, is a `TargetTrouble` with what it said.
"""

# A wait for somebody else's program has a limit.
# ruff: noqa: TID251

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import trio

from trioproxy.lab.wire.child import Child
from trioproxy.lab.wire.installing import not_installed
from trioproxy.lab.wire.place import Place, which
from trioproxy.lab.wire.trouble import TargetTrouble

POLL_S = 0.02
# What a command must not inherit: other proxies, and this program's own settings.
_LEFT_OUT = re.compile(r"TRIOPROXY_|.*_PROXY$|LD_PRELOAD$|PYTHON", re.IGNORECASE)


@asynccontextmanager
async def running(place: Place) -> AsyncIterator[Child]:
    """Start the place's target, wait until each of its ports accepts; end all of it when the block is left.

    Raises:
        TargetTrouble: it is not installed, or does not come up.
    """
    target = place.target
    _write_files(place)
    program, *arguments = (place.fill(word) for word in target.run.command)
    found = which(target, program)
    if found is None:
        raise TargetTrouble(not_installed(target, [program]), for_good=True)
    log = place.folder / "output.log"
    log.touch()
    async with Child.started(
        [found, *arguments], folder=place.folder, environ=_environ(place, os.environ), log=log
    ) as child:
        await _listening(child, place)
        yield child


def _write_files(place: Place) -> None:
    for name, text in place.target.files.items():
        path = place.folder / name
        if not path.resolve().is_relative_to(place.folder.resolve()):
            raise TargetTrouble(f"files: {name} is outside of the folder", for_good=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(place.fill(text), "utf-8")


def _environ(place: Place, inherited: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in inherited.items() if not _LEFT_OUT.match(name)}
    own = {name: place.fill(value) for name, value in place.target.run.environment.items()}
    return {**kept, "HOME": str(place.folder), "PYTHONUNBUFFERED": "1", **own}


async def _listening(child: Child, place: Place) -> None:
    limit_s = place.target.run.start_limit_s
    waiting = set(place.ports)
    with trio.move_on_after(limit_s):
        while waiting and child.alive:
            waiting = {port for port in waiting if not await _accepts(port)}
            if waiting:
                await child.ended(POLL_S)
    if not child.alive:
        raise TargetTrouble(f"ended with status {child.status} before it listened", child.output(), for_good=True)
    if waiting:
        raise TargetTrouble(f"does not listen on {sorted(waiting)} after {limit_s:g} s", child.output(), for_good=True)


async def _accepts(port: int) -> bool:
    with trio.socket.socket() as sock, suppress(OSError):
        await sock.connect(("127.0.0.1", port))
        return True
    return False
