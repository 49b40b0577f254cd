"""Where a run of the lab writes what it found: the file that was asked for, else one named after the moment, here."""

from __future__ import annotations

import time
from pathlib import Path
from typing import BinaryIO

from trioproxy.errors import ConfigurationError


def results_path(lab: str, out: str | Path | None) -> Path:
    """`out`, or else `lab-<lab>-<date>-<time>.jsonl` in the current folder."""
    return Path(out) if out is not None else Path(time.strftime(f"lab-{lab}-%Y%m%d-%H%M%S.jsonl"))


def opened(path: Path) -> BinaryIO:
    """The file, empty; it is opened before any work, so that nothing is lost after minutes of it.

    Raises:
        ConfigurationError: it cannot be written.
    """
    try:
        return path.open("wb")
    except OSError as error:
        raise ConfigurationError([f"option --out: cannot write {path}: {error.strerror}"]) from None
