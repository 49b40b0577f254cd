"""A scripted upstream: a real server on a real port that does with each request what a script says.

    async with ScriptedUpstream(message_stream("Hello.").script()) as upstream:
        ... point something at upstream.url ...
        [left] = await upstream.wait_left(1)

It writes down what it sees (`lab/received.py`) and never sleeps to find out: the waits
are woken by each new fact.
"""

# A server has a nursery; the waits of an instrument have a limit, so that a hang is a message.
# ruff: noqa: TID251

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Self

import trio

from trioproxy.lab import http1
from trioproxy.lab.conversation import Conversation
from trioproxy.lab.received import Connection, Received
from trioproxy.lab.script import Refuse, Script, Unreachable
from trioproxy.lab.tcp import TcpStream

Choice = Script | Sequence[Script] | Callable[[Received], Script]

# How long a wait for a fact may take before it is an error, in seconds.
PATIENCE_S = 10.0


class ScriptedUpstream:
    """Serves HTTP/1.1 on a port of the loopback interface while its `async with` block runs.

    Args:
        scripts: one script for every request, or one for each in the order in which they
            come (one more is an error), or a function that is asked once the request's body
            has been read; with `at_head`, once its head has.
        tls: a server context makes it an HTTPS server; h2 among its ALPN protocols offers HTTP/2.
        port: 0 picks a free one.

    A script of `Refuse` or `Unreachable` alone makes a port that refuses, or one
    that lets connecting hang. Leaving the block closes everything at once. A script
    that cannot be found, or a function that fails, ends the block with that error.
    """

    def __init__(
        self, scripts: Choice, *, at_head: bool = False, tls: ssl.SSLContext | None = None, port: int = 0
    ) -> None:
        self.connections: list[Connection] = []
        self.requests: list[Received] = []
        # What peers sent that was not HTTP.
        self.malformed: list[str] = []
        self.port = port
        self._scripts = scripts
        self._at_head = at_head
        self._tls = tls
        self._happened = trio.Event()
        self._failure: Exception | None = None
        self._scope = trio.CancelScope()
        self._block: AbstractAsyncContextManager[Self]

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def left(self) -> list[Received]:
        """The requests whose peer left before their script was over."""
        return [received for received in self.requests if received.left]

    @property
    def open_connections(self) -> list[Connection]:
        """Those that either side still holds."""
        return [connection for connection in self.connections if connection.closed_at is None]

    async def wait_received(self, count: int) -> list[Received]:
        """Wait until the heads of `count` requests have come."""
        await self.wait_until(lambda: len(self.requests) >= count, f"{count} requests")
        return self.requests[:count]

    async def wait_whole(self, count: int) -> list[Received]:
        """Wait until `count` requests have been read whole."""
        await self.wait_until(lambda: sum(r.body_at is not None for r in self.requests) >= count, f"{count} bodies")
        return [received for received in self.requests if received.body_at is not None]

    async def wait_answered(self, count: int) -> list[Received]:
        """Wait until `count` scripts have been played to a proper end."""
        await self.wait_until(lambda: sum(r.answered_at is not None for r in self.requests) >= count, f"{count} ends")
        return [received for received in self.requests if received.answered_at is not None]

    async def wait_left(self, count: int) -> list[Received]:
        """Wait until the peers of `count` requests have left before the script was over."""
        await self.wait_until(lambda: len(self.left) >= count, f"{count} departures")
        return self.left

    async def wait_closed(self) -> None:
        """Wait until no connection is open, idle ones included."""
        await self.wait_until(lambda: not self.open_connections, "all connections to be closed")

    async def wait_until(self, fact: Callable[[], bool], what: str, within_s: float = PATIENCE_S) -> None:
        """Wait until `fact` holds; it is looked at after each thing that happens here.

        Raises:
            TimeoutError: it did not within `within_s` seconds; says what was awaited and what was seen.
        """
        with trio.move_on_after(within_s):
            while not fact():
                await self._happened.wait()
            return
        raise TimeoutError(f"{what} did not come within {within_s} s; seen: {self.requests} on {self.connections}")

    def __aenter__(self) -> Awaitable[Self]:
        self._block = self._serving()
        return self._block.__aenter__()

    def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Awaitable[bool | None]:
        return self._block.__aexit__(kind, error, traceback)

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[Self]:
        with trio.socket.socket() as sock, trio.socket.socket() as first:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            await sock.bind(("127.0.0.1", self.port))
            self.port = sock.getsockname()[1]
            async with trio.open_nursery() as nursery:
                self._scope = nursery.cancel_scope
                match self._scripts:
                    case Script(steps=((_, Refuse()),)):
                        pass
                    case Script(steps=((_, Unreachable()),)):
                        # The accept queue's one place is taken: the kernel drops whoever else would connect.
                        sock.listen(0)
                        await first.connect(("127.0.0.1", self.port))
                    case _:
                        sock.listen(1024)
                        await nursery.start(trio.serve_listeners, self._serve, [trio.SocketListener(sock)])
                try:
                    yield self
                except Exception as error:  # noqa: BLE001  # raised below: out of the nursery, it needs no group
                    self._failure = self._failure or error
                nursery.cancel_scope.cancel()
        if self._failure is not None:
            raise self._failure

    async def _serve(self, accepted: trio.SocketStream) -> None:
        stream = TcpStream(accepted)
        connection = Connection(len(self.connections) + 1, time.monotonic())
        self.connections.append(connection)
        self.changed()
        talk = stream if self._tls is None else trio.SSLStream(stream, self._tls, server_side=True)
        try:
            await Conversation(talk, stream.socket, connection, self).hold()
        except* http1.Malformed as group:
            self.malformed.append(str(group.exceptions))
            self.changed()
        except* Exception as group:  # noqa: BLE001  # raised by `_serving`
            # Kept here: what a handler raises while the server is being cancelled is lost in its cleaning up.
            self._failure = self._failure or _leaf(group)
            self._scope.cancel()

    def request_came(self, connection: Connection, head: http1.RequestHead) -> Received:
        """See Cast.request_came."""
        received = Received(len(self.requests) + 1, connection, head, time.monotonic())
        self.requests.append(received)
        connection.requests.append(received)
        self.changed()
        return received

    def script_at_head(self, received: Received) -> Script | None:
        """See Cast.script_at_head."""
        if callable(self._scripts):
            return self._scripts(received) if self._at_head else None
        if isinstance(self._scripts, Script):
            return self._scripts
        if received.number > len(self._scripts):
            raise LookupError(f"no script is left for request {received.number}: {received.method} {received.target}")
        return self._scripts[received.number - 1]

    def script_for(self, received: Received) -> Script:
        """See Cast.script_for."""
        assert callable(self._scripts)
        return self._scripts(received)

    def changed(self) -> None:
        """Wake whoever waits for a fact."""
        self._happened.set()
        self._happened = trio.Event()


def _leaf(group: ExceptionGroup[Exception]) -> Exception:
    """The first exception in a group that is none itself."""
    first = group.exceptions[0]
    return _leaf(first) if isinstance(first, ExceptionGroup) else first
