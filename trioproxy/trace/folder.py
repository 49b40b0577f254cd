"""The folder of traces on the disk: one results file a request, the oldest go. Blocking: for a thread.

A name is the id of its exchange, which begins with the time; whatever has another name is somebody else's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from trioproxy.store.location import make_private
from trioproxy.trace.files import write
from trioproxy.trace.records import Record

_OURS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\.(jsonl|unfinished)")


@dataclass(frozen=True, slots=True)
class Folder:
    """Where traces are kept, and how many; `~` is the home directory."""

    path: str
    max_files: int
    max_total_bytes: int

    def keep(self, name: str, records: Iterable[Record]) -> None:
        """Write one trace (mode 0600, in folders of mode 0700), whole or not at all; then let the oldest go.

        Raises:
            OSError, RuntimeError: it cannot be written; or nobody knows where `~` is.
        """
        file = Path(self.path).expanduser() / f"{name}.jsonl"
        unfinished = file.with_suffix(".unfinished")
        make_private(unfinished)
        try:
            with unfinished.open("wb") as out:
                write(records, out)
            unfinished.replace(file)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        self._let_go(file.parent)

    def _let_go(self, folder: Path) -> None:
        """Of the files that are traces, the newest stay, as many as may; the very last one in any case."""
        with os.scandir(folder) as entries:
            found = sorted((entry for entry in entries if _OURS.fullmatch(entry.name)), key=_name, reverse=True)
        total_bytes = 0
        for number, entry in enumerate(found):
            total_bytes += _size_bytes(entry)
            if number and (number >= self.max_files or total_bytes > self.max_total_bytes):
                Path(entry.path).unlink(missing_ok=True)  # another proxy may have done so


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _size_bytes(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except FileNotFoundError:
        return 0
