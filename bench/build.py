"""Compiles the upstream and the load generator. They are C so that they are never what is measured."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = {"upstream": ["upstream.c"], "load": ["load.c", "client.c"]}


class BuildError(Exception):
    """There is no C compiler, or it refused."""


def build() -> dict[str, Path]:
    """Paths of the two programs in `bench/bin`, compiled anew where a source is newer."""
    compiler = os.environ.get("CC") or shutil.which("gcc") or shutil.which("cc")
    folder = HERE / "bin"
    folder.mkdir(exist_ok=True)
    newest = max(source.stat().st_mtime for source in (HERE / "c").iterdir())
    programs = {}
    for name, sources in SOURCES.items():
        program = programs[name] = folder / name
        if program.exists() and program.stat().st_mtime >= newest:
            continue
        if compiler is None:
            raise BuildError("a C compiler is needed: apt-get install gcc libc6-dev")
        command = [compiler, "-O2", "-Wall", "-Wextra", "-o", str(program), *(str(HERE / "c" / s) for s in sources)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildError(f"{' '.join(command)}\n{done.stderr}")
    return programs
