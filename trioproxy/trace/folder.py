"""The folder of traces on the disk: one results file a request, the oldest go. Blocking: for a thread.

    x.unfinished ─ whole ─▶ x.jsonl ─▶ those that were written last stay

A name is the id of its exchange; whatever has another name is somebody else's. The id begins with the time at which
the request arrived, so it does not tell how old a trace is: that of a long stream is new when it is written.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from trioproxy.store.location import make_private
from trioproxy.trace.files import write
from trioproxy.trace.records import Record

_OURS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\.(jsonl|unfinished)")
# Nobody is still writing a file after that: whoever was, was killed.
_STALE_NS = 60 * 10**9
# So many records take about a millisecond of the interpreter.
_TURN = 100


class Untidied(Exception):
    """The trace is written, but older ones could not be let go."""


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
            Untidied: it is written, but what has to go does not.
        """
        file = Path(self.path).expanduser() / f"{name}.jsonl"
        unfinished = file.with_suffix(".unfinished")
        make_private(unfinished)
        try:
            with unfinished.open("wb") as out:
                write(_in_turns(records), out)
            unfinished.replace(file)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        try:
            self._let_go(file)
        except OSError as error:
            raise Untidied(str(error)) from error

    def _let_go(self, written: Path) -> None:
        """The traces that were written last stay, as many as may, and `written`, the one of now, in any case."""
        with os.scandir(written.parent) as entries:
            found = [_Found.of(entry) for entry in entries if _OURS.fullmatch(entry.name)]
        now_ns = max((file.at_ns for file in found), default=0)
        traces = [file for file in found if file.path.suffix == written.suffix]
        traces.sort(key=lambda file: (file.path == written, file.at_ns, file.path.name), reverse=True)
        gone = [file for file in found if file.path.suffix != written.suffix and file.at_ns < now_ns - _STALE_NS]
        total_bytes = 0
        for number, file in enumerate(traces):
            total_bytes += file.size_bytes
            if number and (number >= self.max_files or total_bytes > self.max_total_bytes):
                gone.append(file)
        for file in gone:
            file.path.unlink(missing_ok=True)  # another proxy may have done so


@dataclass(frozen=True, slots=True)
class _Found:
    """A file of the folder, and when it was written to."""

    path: Path
    at_ns: int
    size_bytes: int

    @classmethod
    def of(cls, entry: os.DirEntry[str]) -> _Found:
        try:
            stat = entry.stat()
        except FileNotFoundError:  # another proxy has let it go
            return cls(Path(entry.path), 0, 0)
        return cls(Path(entry.path), stat.st_mtime_ns, stat.st_size)


def _in_turns(records: Iterable[Record]) -> Iterator[Record]:
    """`records`, and now and then a chance for other threads: the event loop is one of them."""
    for number, record in enumerate(records):
        if number % _TURN == 0:
            time.sleep(0)
        yield record
