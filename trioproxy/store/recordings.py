"""Answers that have just been given, kept for a few seconds for whoever asks the same again.

    a live answer's tape ── reserve ──▶ [ one bound on bytes ] ◀── keep ── a finished answer
                                          least recently used out ── lend ──▶ a client

Everything is synchronous and in memory. The bytes of live tapes count too; they go
before what is finished, which makes room for them. An answer that is being given to a client
counts until that is over, and makes no room.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from trioproxy.model import Head

# What a recording costs besides its bytes: objects, and its place in the table. Measured: some 600, and 150 a header.
OVERHEAD_BYTES = 1024
HEADER_OVERHEAD_BYTES = 150


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A whole answer, as the upstream gave it: `head` with its end-to-end headers, `body` without framing."""

    call_id: str
    head: Head
    body: bytes = field(repr=False)
    # When it was finished, and how long it may be given again, in seconds of one clock.
    finished_at: float
    keep_s: float

    @property
    def size_bytes(self) -> int:
        """What it counts for."""
        headers_bytes = sum(len(name) + len(value) + HEADER_OVERHEAD_BYTES for name, value in self.head.headers)
        return len(self.body) + headers_bytes + OVERHEAD_BYTES


class Recordings:
    """Finished answers by fingerprint, bounded in entries and, together with the tapes of live ones, in bytes."""

    def __init__(self, *, max_entries: int, max_total_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_total_bytes = max_total_bytes
        self._kept: OrderedDict[bytes, Recording] = OrderedDict()  # the least recently used first
        self._lent: Counter[Recording] = Counter()
        self.total_bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Recording]:
        return iter(self._kept.values())

    def find(self, fingerprint: bytes, now: float) -> Recording | None:
        """The answer to the same request, if it may still be given; it counts as used now."""
        recording = self._kept.get(fingerprint)
        if recording is None:
            return None
        if now - recording.finished_at > recording.keep_s:
            self._drop(fingerprint)
            return None
        self._kept.move_to_end(fingerprint)
        return recording

    def lend(self, recording: Recording) -> None:
        """It is being given to a client, until `give_back`."""
        self._lent[recording] += 1

    def give_back(self, recording: Recording) -> None:
        """The client has been given it, or has left."""
        self._lent[recording] -= 1
        if not self._lent[recording]:
            del self._lent[recording]
            if recording not in self._kept.values():
                self.total_bytes -= recording.size_bytes

    def keep(self, fingerprint: bytes, recording: Recording) -> None:
        """Take a finished answer, in the place of an earlier one; not one that is too large, or kept for no time."""
        self._drop(fingerprint)
        self._sweep(recording.finished_at)
        if recording.keep_s <= 0 or not self.reserve(recording.size_bytes):
            return
        self._kept[fingerprint] = recording
        if len(self._kept) > self._max_entries:
            self._drop(next(iter(self._kept)))

    def reserve(self, size_bytes: int) -> bool:
        """Count bytes that are about to be held; what was used least recently makes room. False: there is none."""
        while self.total_bytes + size_bytes > self._max_total_bytes:
            idle = next((name for name, recording in self._kept.items() if recording not in self._lent), None)
            if idle is None:
                return False
            self._drop(idle)
        self.total_bytes += size_bytes
        return True

    def release(self, size_bytes: int) -> None:
        """Give back what was reserved."""
        self.total_bytes -= size_bytes

    def _sweep(self, now: float) -> None:
        """Drop what is too old for anybody, from the least recently used on."""
        while self._kept:
            fingerprint, oldest = next(iter(self._kept.items()))
            if now - oldest.finished_at <= oldest.keep_s:
                return
            self._drop(fingerprint)

    def _drop(self, fingerprint: bytes) -> None:
        recording = self._kept.pop(fingerprint, None)
        if recording is not None and recording not in self._lent:
            self.total_bytes -= recording.size_bytes
