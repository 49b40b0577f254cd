"""The first record of a results file: what ran, where, with which versions; the same for explore, compare and wire."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from trioproxy import __version__
from trioproxy.trace.records import Header, Value

# What runs with the proxy where it is played in one process.
IN_PROCESS = ("trio", "quart", "quart-trio")


def header(lab: str, command: Sequence[str], versions: Mapping[str, str] | None = None) -> Header:
    """What runs.

    Args:
        command: as somebody else would type it: begins with `trioproxy`, wherever that lies on this machine.
        versions: of what runs besides trioproxy and Python, by name.
    """
    return Header(
        lab=lab,
        command=list(command),
        began_at=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={"trioproxy": __version__, "python": platform.python_version(), **(versions or {})},
        machine=machine(),
    )


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """The versions of installed packages."""
    return {name: version(name) for name in packages}


def machine() -> dict[str, Value]:
    """The machine, as far as it matters; not its name."""
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
