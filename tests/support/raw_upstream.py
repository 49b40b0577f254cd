"""A scripted upstream on loopback: each connection runs a script of raw bytes, and notes when its client leaves."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable

import trio

Script = Callable[["Peer"], Awaitable[None]]


class Peer:
    """The upstream's end of one connection."""

    def __init__(self, stream: trio.abc.Stream, tcp: trio.SocketStream) -> None:
        self.stream = stream
        self.tcp = tcp
        self.received = b""  # what no `head` or `body` has taken yet
        self.gone = trio.Event()  # the client's end or reset was seen
        self.reading = trio.Event()  # for scripts that wait until a test lets them read

    async def more(self) -> bool:
        """Read once more; False when the client has gone."""
        try:
            data = await self.stream.receive_some(65536)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            data = b""
        self.received += bytes(data)
        if not data:
            self.gone.set()
        return bool(data)

    async def head(self) -> bytes:
        """The next request head, with its blank line; `b""` when the client has gone."""
        while b"\r\n\r\n" not in self.received:
            if not await self.more():
                return b""
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    async def body(self, length: int) -> bytes:
        while len(self.received) < length and await self.more():
            pass
        body, self.received = self.received[:length], self.received[length:]
        return body

    async def until_gone(self) -> None:
        while await self.more():
            self.received = b""

    async def send(self, data: bytes) -> None:
        with contextlib.suppress(trio.BrokenResourceError):
            await self.stream.send_all(data)

    def close(self) -> None:
        self.tcp.socket.close()

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.tcp.socket.close()


class RawUpstream:
    """Listens at `port`; the n-th connection runs the n-th script, later ones the last."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self.scripts = scripts
        self.peers: list[Peer] = []
        self.port = 0
        self.url = ""
        self._tls = tls
        self._news = trio.Condition()

    async def serve(self, task_status: trio.TaskStatus[RawUpstream] = trio.TASK_STATUS_IGNORED) -> None:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.port = listeners[0].socket.getsockname()[1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, self._connected, listeners)
            task_status.started(self)

    async def peer(self, number: int) -> Peer:
        """The connection of that number, from 0, once it is there."""
        async with self._news:
            while len(self.peers) <= number:
                await self._news.wait()
        return self.peers[number]

    async def _connected(self, tcp: trio.SocketStream) -> None:
        stream: trio.abc.Stream = tcp
        if self._tls is not None:
            stream = trio.SSLStream(tcp, self._tls, server_side=True, https_compatible=True)
        peer = Peer(stream, tcp)
        self.peers.append(peer)
        async with self._news:
            self._news.notify_all()
        script = self.scripts[min(len(self.peers), len(self.scripts)) - 1]
        try:
            await script(peer)
        finally:
            peer.close()


def answering(*answers: bytes) -> Script:
    """Reads a request (its body too, by content-length) and sends the next answer, over and over; then waits."""

    async def script(peer: Peer) -> None:
        for answer in answers:
            head = await peer.head()
            if not head:
                return
            await peer.body(length_of(head))
            await peer.send(answer)
        await peer.until_gone()

    return script


def length_of(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def closing(*answers: bytes) -> Script:
    """As `answering`, but closes after the last answer."""

    async def script(peer: Peer) -> None:
        for answer in answers:
            head = await peer.head()
            await peer.body(length_of(head))
            await peer.send(answer)

    return script


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

# `await scripted(script, ..., tls=None)` starts a `RawUpstream` for the time of a test.
Scripted = Callable[..., Awaitable[RawUpstream]]
