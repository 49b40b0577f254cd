"""A whole run of the lab: the header, then one target after another, each on its own."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from trioproxy import __version__
from trioproxy.lab.wire import installing
from trioproxy.lab.wire.certificate import make_certificate
from trioproxy.lab.wire.examination import Examination
from trioproxy.lab.wire.installing import missing, version_of
from trioproxy.lab.wire.matrix import Tell
from trioproxy.lab.wire.plan import Plan
from trioproxy.lab.wire.target import Target
from trioproxy.lab.wire.trouble import TargetTrouble
from trioproxy.trace.records import Header, Trouble, Value


async def examine(
    targets: Sequence[Target | None], plan: Plan, command: Sequence[str], tell: Tell, *, install: bool = False
) -> None:
    """Drive each target through the plan; None is no proxy at all. Everything that happens is told.

    With `install`, what targets need is fetched first. One that is not there is told of, and not skipped in silence.
    """
    absent: list[Trouble] = []
    present = [target for target in targets if target is None or _present(target, absent.append, install=install)]
    tell(header(present, command))
    for trouble in absent:
        tell(trouble)
    with tempfile.TemporaryDirectory(prefix="trioproxy-lab-") as folder:
        try:
            certificate = make_certificate(Path(folder))
        except TargetTrouble as problem:
            certificate = {}
            tell(Trouble(subject="the lab", what=problem.message))
        floor_ms: list[float] = []
        for target in present:
            await Examination(target, plan, tell, certificate, floor_ms).run()


def _present(target: Target, tell: Callable[[Trouble], None], *, install: bool) -> bool:
    try:
        if install:
            installing.install(target, lambda words: print(words, file=sys.stderr))
    except TargetTrouble as trouble:
        tell(Trouble(subject=target.name, what=trouble.message, output=trouble.output))
        return False
    if lacking := missing(target):
        tell(Trouble(subject=target.name, what=f"not installed: {', '.join(lacking)}; try --install"))
    return not lacking


def header(targets: Sequence[Target | None], command: Sequence[str]) -> Header:
    """What runs, where, with which versions."""
    versions = {"trioproxy": __version__, "python": platform.python_version()}
    for target in targets:
        if target is not None:
            versions |= {f"{target.name}: {name}": version_of(target, words) for name, words in target.versions.items()}
    return Header(
        lab="wire",
        command=list(command),
        began_at=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=versions,
        machine=machine(),
    )


def machine() -> dict[str, Value]:
    """The machine, as far as it matters."""
    names = (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name"))
    memory = next((line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), "0")
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": next(names, platform.machine()),
        "cores": os.cpu_count(),
        "memory_bytes": int(memory) * 1024,
        "load": os.getloadavg()[0],
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text("utf-8").splitlines()
    except OSError:
        return []
