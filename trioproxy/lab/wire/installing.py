"""What targets need: whether it is there, and getting it when that is asked for.

`pip` requirements go into a virtual environment of the target's own, in a cache folder; `apt` packages into the system.
Every command runs under a warden (`child.py`): nothing that it starts outlives it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from trioproxy.lab.wire.child import Child
from trioproxy.lab.wire.place import environment_of, place_for, python_of, which
from trioproxy.lab.wire.target import Target
from trioproxy.lab.wire.trouble import TargetTrouble

INSTALL_LIMIT_S = 900.0
VERSION_LIMIT_S = 30.0
# What Debian asks whether a package may start its server; 101 says that it must not (policy-rc.d).
POLICY = Path("/usr/sbin/policy-rc.d")
NO_SERVERS = "#!/bin/sh\nexit 101\n"
Say = Callable[[str], None]


def missing(target: Target) -> list[str]:
    """What it needs that is not there: programs, and its virtual environment."""
    programs = [program for program in target.install.programs if which(target, program) is None]
    if target.install.pip and not (environment_of(target) / ".installed").exists():
        programs.append(" ".join(target.install.pip))
    return programs


def not_installed(target: Target, lacking: Sequence[str]) -> str:
    """That it lacks these, and what helps: `--install`, if the target says what there is to install."""
    helps = "; try --install" if target.install.pip or target.install.apt else ""
    return f"not installed: {', '.join(lacking)}{helps}"


async def install(target: Target, say: Say) -> None:
    """Get what is missing.

    Raises:
        TargetTrouble: that failed; with what was said about it.
    """
    if not missing(target):
        return
    if target.install.apt and any(which(target, program) is None for program in target.install.programs):
        await _apt(target, say)
    if target.install.pip:
        await _pip(target, say)
    if still := missing(target):
        raise TargetTrouble(f"installed, and yet there is no {', '.join(still)}", for_good=True)


async def version_of(target: Target, command: Sequence[str]) -> str:
    """The first line that a command of `versions` prints; what is wrong, if it prints none."""
    place = place_for(target, environment_of(target), 0, {})
    program, *arguments = (place.fill(word) for word in command)
    found = which(target, program)
    if found is None:
        return "not installed"
    try:
        _, said = await _said([found, *arguments], os.environ, VERSION_LIMIT_S)
    except (OSError, TargetTrouble) as error:
        return f"not known ({type(error).__name__})"
    lines = (line.strip() for line in said.splitlines())
    return next((line for line in lines if line), "not known")


async def _apt(target: Target, say: Say) -> None:
    if shutil.which("apt-get") is None:
        raise TargetTrouble(f"needs {', '.join(target.install.apt)}, and there is no apt-get", for_good=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say(f"{target.name}: apt-get install {' '.join(target.install.apt)}")
    await _do(["apt-get", "update", "-qq"], environ)
    with _no_servers_started():
        await _do(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *target.install.apt], environ)


@contextmanager
def _no_servers_started() -> Iterator[None]:
    """Debian starts servers when it installs them; the ports of this machine are its owner's.

    A policy that is there already is its owner's as well, and is kept.
    """
    try:
        with POLICY.open("x") as file:
            file.write(NO_SERVERS)
        POLICY.chmod(0o755)
    except FileExistsError:
        yield
        return
    except OSError as error:
        raise TargetTrouble(f"{POLICY} cannot be written: {error.strerror}; is this root?", for_good=True) from None
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


async def _pip(target: Target, say: Say) -> None:
    environment = environment_of(target)
    say(f"{target.name}: pip install {' '.join(target.install.pip)} into {environment}")
    environment.parent.mkdir(parents=True, exist_ok=True)
    await _do([sys.executable, "-m", "venv", "--clear", str(environment)], dict(os.environ))
    python = str(python_of(target))
    await _do(
        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *target.install.pip], dict(os.environ)
    )
    (environment / ".installed").touch()


async def _do(command: list[str], environ: Mapping[str, str]) -> None:
    try:
        status, said = await _said(command, environ, INSTALL_LIMIT_S)
    except OSError as error:
        raise TargetTrouble(f"{' '.join(command)}: {error}", for_good=True) from None
    if status is None:
        raise TargetTrouble(f"{' '.join(command)} has not ended after {INSTALL_LIMIT_S:g} s", said, for_good=True)
    if status:
        raise TargetTrouble(f"{' '.join(command)} failed with status {status}", said, for_good=True)


async def _said(command: Sequence[str], environ: Mapping[str, str], limit_s: float) -> tuple[int | None, str]:
    """How a command ended (None: it has not) and the end of what it said. Nothing of it is left then.

    Raises:
        TargetTrouble: it cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="trioproxy-lab-") as folder:
        log = Path(folder) / "output.log"
        async with Child.started(command, folder=Path.cwd(), environ=environ, log=log) as child:
            status = await child.ended(limit_s)
            return status, child.output()
