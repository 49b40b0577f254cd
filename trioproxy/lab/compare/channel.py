"""The way from a pump to its readers, bounded as the axis says.

                       ┌▶ Channel ── receive ──▶ deliver
pump ── send ──▶ Channels
                       └▶ Channel ── receive ──▶ deliver      which of them it waits for is an axis, too
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable

import trio

from trioproxy.errors import TrioProxyError
from trioproxy.lab.compare.semantics import Again, End, Follow, Semantics
from trioproxy.model import Head


class Channel:
    """One reader's way.

    Args:
        end: what the reader takes for the end of the body.
        on_taken: told, synchronously, when something has been taken.
    """

    def __init__(self, end: End, on_taken: Callable[[], None]) -> None:
        self._send, self._receive = trio.open_memory_channel[bytes](math.inf)
        self._end = end
        self._on_taken = on_taken
        self._known = trio.Event()
        self._finished = False
        self._head: Head | None = None
        self.failure: TrioProxyError | None = None
        self.waiting_bytes = 0

    async def head(self) -> Head:
        """Wait for the head.

        Raises:
            TrioProxyError: there is none.
        """
        await self._known.wait()
        if self._head is None:
            assert self.failure is not None
            raise self.failure
        return self._head

    async def receive(self) -> bytes:
        """The next chunk; `b""` at what is taken for the end.

        Raises:
            TrioProxyError: the body will not be finished, as far as this reader can tell.
        """
        try:
            chunk = await self._receive.receive()
        except trio.EndOfChannel:
            if self._finished or self._end is End.CLOSED:
                return b""
            assert self.failure is not None
            raise self.failure from None
        self.waiting_bytes -= len(chunk)
        self._on_taken()
        return chunk

    @property
    def waiting_chunks(self) -> int:
        """How many have been pulled for this reader and not been taken."""
        return self._send.statistics().current_buffer_used

    def begin(self, head: Head) -> None:
        """The head has come."""
        self._head = head
        self._known.set()

    def push(self, chunk: bytes) -> None:
        """Hand over a chunk at once."""
        self._send.send_nowait(chunk)
        self.waiting_bytes += len(chunk)

    def close(self, failure: TrioProxyError | None) -> None:
        """No more will come."""
        self.failure = failure
        self._finished = failure is None
        self._send.close()
        self._known.set()

    def drop(self) -> None:
        """Nobody takes what waits."""
        with contextlib.suppress(trio.WouldBlock, trio.EndOfChannel):
            while True:
                self.waiting_bytes -= len(self._receive.receive_nowait())


class Channels:
    """The readers of one call, and which of them its pump waits for."""

    def __init__(self, semantics: Semantics) -> None:
        self._semantics = semantics
        self._readers: list[Channel] = []
        self._passed: list[bytes] = []
        self._head: Head | None = None
        self._news = trio.Event()

    @property
    def count(self) -> int:
        """How many read."""
        return len(self._readers)

    def take(self) -> Channel:
        """A way for one more reader, with all that has passed on it."""
        channel = Channel(self._semantics.end, self._stir)
        if self._head is not None:
            channel.begin(self._head)
        for chunk in self._passed:
            channel.push(chunk)
        self._readers.append(channel)
        return channel

    def leave(self, channel: Channel) -> bool:
        """One reads no more; whether it did until now."""
        if channel not in self._readers:
            return False
        self._readers.remove(channel)
        channel.drop()
        self._stir()
        return True

    def begin(self, head: Head) -> None:
        """The head has come."""
        self._head = head
        for channel in self._readers:
            channel.begin(head)

    async def send(self, chunk: bytes) -> None:
        """Hand a chunk to everybody at once, then wait for whom the axis says."""
        if self._semantics.again is Again.JOINS:
            self._passed.append(chunk)
        for channel in self._readers:
            channel.push(chunk)
        while not self._may_go_on:
            self._news = trio.Event()
            await self._news.wait()

    def close(self, failure: TrioProxyError | None) -> None:
        """No more will come."""
        for channel in self._readers:
            channel.close(failure)
        self._readers.clear()

    @property
    def _may_go_on(self) -> bool:
        room = (self._semantics.room.holds(each.waiting_chunks, each.waiting_bytes) for each in self._readers)
        return not self._readers or (any(room) if self._semantics.follow is Follow.FASTEST else all(room))

    def _stir(self) -> None:
        self._news.set()
