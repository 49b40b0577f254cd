"""What targets need: whether it is there, and getting it when that is asked for.

`pip` requirements go into a virtual environment of the target's own, in a cache folder; `apt` packages into the system.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

from trioproxy.lab.wire.place import environment_of, place_for, python_of, which
from trioproxy.lab.wire.target import Target
from trioproxy.lab.wire.trouble import TargetTrouble

INSTALL_LIMIT_S = 900.0
VERSION_LIMIT_S = 30.0
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


def install(target: Target, say: Say) -> None:
    """Get what is missing.

    Raises:
        TargetTrouble: that failed; with what was said about it.
    """
    if not missing(target):
        return
    if target.install.apt and any(which(target, program) is None for program in target.install.programs):
        _apt(target, say)
    if target.install.pip:
        _pip(target, say)
    if still := missing(target):
        raise TargetTrouble(f"installed, and yet there is no {', '.join(still)}", for_good=True)


def version_of(target: Target, command: Sequence[str]) -> str:
    """The first line that a command of `versions` prints; what is wrong, if it prints none."""
    place = place_for(target, environment_of(target), 0, {})
    program, *arguments = (place.fill(word) for word in command)
    found = which(target, program)
    if found is None:
        return "not installed"
    try:
        done = subprocess.run(  # noqa: S603  # what the target file says
            [found, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=VERSION_LIMIT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"not known ({type(error).__name__})"
    lines = (line.strip() for line in (done.stdout + done.stderr).splitlines())
    return next((line for line in lines if line), "not known")


def _apt(target: Target, say: Say) -> None:
    if shutil.which("apt-get") is None:
        raise TargetTrouble(f"needs {', '.join(target.install.apt)}, and there is no apt-get", for_good=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say(f"{target.name}: apt-get install {' '.join(target.install.apt)}")
    _do(["apt-get", "update", "-qq"], environ)
    # Debian starts servers when it installs them. A policy of "no" (101) keeps the ports of this machine its owner's.
    _do(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *target.install.apt], environ)


def _pip(target: Target, say: Say) -> None:
    environment = environment_of(target)
    say(f"{target.name}: pip install {' '.join(target.install.pip)} into {environment}")
    environment.parent.mkdir(parents=True, exist_ok=True)
    _do([sys.executable, "-m", "venv", "--clear", str(environment)], dict(os.environ))
    python = str(python_of(target))
    _do([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *target.install.pip], dict(os.environ))
    (environment / ".installed").touch()


def _do(command: list[str], environ: dict[str, str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603  # what the target file says
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environ,
            timeout=INSTALL_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TargetTrouble(f"{' '.join(command)}: {error}", for_good=True) from None
    if done.returncode:
        raise TargetTrouble(f"{' '.join(command)} failed with status {done.returncode}", done.stdout, for_good=True)
