"""What of a live answer has passed so far: for whoever joins it, and to be given again once it is whole.

It holds references to the chunks that the first client got, not copies; small ones are
joined now and then, or a thousand objects would weigh more than their bytes. An answer
that grows beyond the limit, or finds no room among the others, is not taped any more.
"""

from __future__ import annotations

from trioproxy.store.recordings import OVERHEAD_BYTES, Recordings

# Chunks are joined once there are so many of them, or so many bytes.
MANY = 64
MUCH_BYTES = 64 * 1024


class Tape:
    """The body of one answer from its first byte on, or nothing."""

    __slots__ = ("_max_bytes", "_pieces", "_recordings", "_tail", "_tail_bytes", "size_bytes", "whole")

    def __init__(self, recordings: Recordings, max_bytes: int) -> None:
        self._recordings = recordings
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []
        self._tail: list[bytes] = []  # the latest chunks, not joined yet
        self._tail_bytes = 0
        self.size_bytes = 0
        # It has every byte so far.
        self.whole = recordings.reserve(OVERHEAD_BYTES)

    def append(self, chunk: bytes) -> None:
        """Keep the next chunk, or give the whole tape up."""
        if not self.whole:
            return
        size_bytes = self.size_bytes + len(chunk)
        if size_bytes > self._max_bytes or not self._recordings.reserve(len(chunk)):
            self.drop()
            return
        self.size_bytes = size_bytes
        self._tail.append(chunk)
        self._tail_bytes += len(chunk)
        if self._tail_bytes >= MUCH_BYTES or len(self._tail) >= MANY:
            self._pieces.append(b"".join(self._tail) if len(self._tail) > 1 else chunk)
            self._tail.clear()
            self._tail_bytes = 0

    def pieces(self) -> list[bytes]:
        """What has passed so far, in order."""
        return [*self._pieces, *self._tail]

    def drop(self) -> None:
        """Keep nothing from now on; harmless if it does so already."""
        if not self.whole:
            return
        self.whole = False
        self._recordings.release(self.size_bytes + OVERHEAD_BYTES)
        self.size_bytes = 0
        self._pieces.clear()
        self._tail.clear()
