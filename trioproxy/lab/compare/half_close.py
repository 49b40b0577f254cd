"""A server that takes a half-close for a departure, or does not: a subject stands behind it.

    FIN ─▶ counted: "disconnect", at once
        └▶ ignored: nothing, until a write meets the RST that the write before it has drawn (RFC 9293, 3.6)

`shutdown(SHUT_WR)` and `close` look the same to a peer: a FIN. Only who writes on finds out which it was.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from trioproxy.app.hypercorn_fixes import ClientGone
from trioproxy.lab.explore.subject import Footing, Message, Receive, Send, Serving, Subject

# The moment of the FIN is a race between the client's and the server's clock: whichever is first.
# ruff: noqa: TID251


@dataclass(frozen=True, slots=True)
class HalfClosed:
    """A subject behind such a server.

    Args:
        counted: a FIN is a departure.
        still_reads_from_s: from then on the client has said FIN and reads on; None: it does no such thing.
    """

    inner: Subject
    counted: bool
    still_reads_from_s: float | None = None

    @property
    def name(self) -> str:
        """See Subject.name."""
        return self.inner.name

    @asynccontextmanager
    async def serving(self, footing: Footing) -> AsyncIterator[Serving]:
        """See Subject.serving."""
        async with self.inner.serving(footing) as serving:
            yield _Server(self, serving)


class _Server:
    def __init__(self, terms: HalfClosed, inner: Serving) -> None:
        self._terms = terms
        self._inner = inner

    def close(self, grace_s: float) -> None:
        self._inner.close(grace_s)

    def kept(self) -> Sequence[bytes]:
        return self._inner.kept()

    def left_over(self) -> Sequence[str]:
        return self._inner.left_over()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        connection = _Connection(self._terms, receive, send)
        # Without an inbox: departures come by `receive` alone.
        await self._inner({**scope, "extensions": {}}, connection.receive, connection.send)


class _Connection:
    def __init__(self, terms: HalfClosed, receive: Receive, send: Send) -> None:
        self._terms = terms
        self._receive = receive
        self._send = send
        self._gone = False
        self._writes_since = 0
        self._reset = trio.Event()

    async def receive(self) -> Message:
        still_reads_from_s = self._terms.still_reads_from_s
        if self._terms.counted and still_reads_from_s is not None:
            with trio.move_on_at(still_reads_from_s):
                return await self._receive()
            return {"type": "http.disconnect"}
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self._terms.counted:
            self._gone = True
            await self._reset.wait()
        return message

    async def send(self, message: Message) -> None:
        await self._send(message)
        if self._gone and message.get("body"):
            self._writes_since += 1
            if self._writes_since > 1:  # the first one has drawn the RST
                self._reset.set()
                raise ClientGone("the connection was reset by the client")
