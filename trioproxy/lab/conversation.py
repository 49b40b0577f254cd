"""One connection of a scripted upstream: requests are read, scripts are played. HTTP/2 goes on in `streams.py`.

Beside that a watch waits for the peer to leave. It sees FIN and RST at once, also while
nothing is being sent or read, writes the time down, and ends the script that plays.
"""

# A scripted upstream is a server: each connection owns its watch and what it plays.
# ruff: noqa: TID251

from __future__ import annotations

import socket
import time

import trio

from trioproxy.lab import http1
from trioproxy.lab.player import Afterwards
from trioproxy.lab.player_h1 import H1Player
from trioproxy.lab.received import Cast, Connection, Received
from trioproxy.lab.script import Script, Take
from trioproxy.lab.streams import PREFACE_HEAD, Streams
from trioproxy.sockets import Departure, departure, reset

READ_BYTES = 65536
# A head is read in small steps, so that little of a body comes with it.
HEAD_READ_BYTES = 4096


class Conversation:
    """Serves one connection until either side ends it."""

    def __init__(
        self, stream: trio.abc.Stream, sock: trio.socket.SocketType, connection: Connection, cast: Cast
    ) -> None:
        self._stream = stream
        self._socket = sock
        self._connection = connection
        self._cast = cast
        self._left_over = b""
        self._watching = trio.CancelScope()
        self._playing: trio.CancelScope | None = None
        self._current: Received | None = None
        self._streams: Streams | None = None

    async def hold(self) -> None:
        """Answer request after request; the connection is closed on return, error and cancellation.

        Raises:
            http1.Malformed: the peer does not speak HTTP (in an exception group).
        """
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._watch)
                try:
                    while await self._answer_one():
                        pass
                except trio.BrokenResourceError:
                    self._peer_left(Departure.RST)
                nursery.cancel_scope.cancel()
        finally:
            self._socket.close()
            self._connection.closed_at = time.monotonic()
            self._cast.changed()

    async def _watch(self) -> None:
        with self._watching:
            how = await departure(self._socket)
            # Before a FIN there may be frames that say more; whoever reads them comes to it.
            if self._streams is None or how is Departure.RST:
                self._peer_left(how)

    def _peer_left(self, how: Departure) -> None:
        connection, current = self._connection, self._current
        if connection.left_at is not None:
            return
        connection.left_at, connection.left_by = time.monotonic(), how
        if current is not None and current.over_at is None:
            current.left_at, current.left_by = connection.left_at, how
        if self._playing is not None:
            self._playing.cancel()
        if self._streams is not None:
            self._streams.peer_left(how)
            self._streams.stop()
        self._cast.changed()

    async def _answer_one(self) -> bool:
        """Read one request and answer it; whether the connection can take another."""
        raw = await self._read_head()
        if raw is None:
            return False
        if raw == PREFACE_HEAD and not self._connection.requests:
            await self._hold_streams(raw)
            return False
        received = self._current = self._cast.request_came(self._connection, http1.request_head(raw))
        received.left_at, received.left_by = self._connection.left_at, self._connection.left_by
        body = http1.Body(received.headers)
        try:
            afterwards = await self._answer(received, body)
        finally:
            received.over_at = time.monotonic()
            self._cast.changed()
        if afterwards is Afterwards.REUSE and body.whole:
            self._left_over = body.rest
            return True
        await self._end(afterwards, polite=received.answered_at is not None)
        return False

    async def _hold_streams(self, preface: bytes) -> None:
        """Go on in HTTP/2."""
        self._streams = Streams(self._stream, self._connection, self._cast, self._peer_left)
        await self._end(await self._streams.serve(preface + self._left_over), polite=False)

    async def _end(self, afterwards: Afterwards | None, *, polite: bool) -> None:
        """End the connection, if it is not over already; `polite`: TLS says so as well."""
        if afterwards is Afterwards.RST:
            reset(self._socket)
        elif afterwards is not None:
            await self._hang_up(polite)

    async def _answer(self, received: Received, body: http1.Body) -> Afterwards | None:
        """What the script that was played says about the connection; None if the peer left first."""
        script = self._cast.script_at_head(received)
        if script is None or script.take is Take.WHOLE:
            await self._read_body(received, body, script)
            if not body.whole:
                return None
        script = script or self._cast.script_for(received)
        afterwards = None
        async with trio.open_nursery() as nursery:
            if script.take is Take.BESIDE:
                nursery.start_soon(self._read_body, received, body, script)
            self._playing = nursery.cancel_scope
            if self._connection.left_at is not None:
                self._playing.cancel()
            afterwards = await self._play(script, received)
            if afterwards is not Afterwards.REUSE:
                nursery.cancel_scope.cancel()
        return afterwards

    async def _play(self, script: Script, received: Received) -> Afterwards | None:
        try:
            return await H1Player(script, received, self._stream, self._cast.changed).play()
        except trio.BrokenResourceError:
            self._peer_left(Departure.RST)
            return None

    async def _hang_up(self, polite: bool) -> None:
        """FIN; then read on until the peer goes, since closing with bytes unread would be RST."""
        if isinstance(self._stream, trio.SSLStream) and polite:
            await self._stream.aclose()
            return
        self._watching.cancel()
        try:
            self._socket.shutdown(socket.SHUT_WR)
            while await self._socket.recv(READ_BYTES):
                pass
        except OSError:
            self._peer_left(Departure.RST)
        else:
            self._peer_left(Departure.FIN)

    async def _read_head(self) -> bytes | None:
        """The next head, or None once the peer has ended the connection."""
        data = bytearray(self._left_over)
        while (end := data.find(b"\r\n\r\n")) < 0:
            more = await self._stream.receive_some(HEAD_READ_BYTES)
            if not more:
                self._peer_left(Departure.FIN)
                return None
            data += more
        self._left_over = bytes(data[end + 4 :])
        return bytes(data[: end + 4])

    async def _read_body(self, received: Received, body: http1.Body, script: Script | None) -> None:
        """Read until the body is whole, or the peer has gone."""
        rate = script.take_bytes_per_s if script else None
        if (received.header(b"expect") or b"").lower() == b"100-continue":
            await self._stream.send_all(http1.CONTINUE)
        received.body += body.feed(self._left_over)
        self._left_over = b""
        self._cast.changed()
        while not body.whole:
            if rate is not None:
                await trio.sleep(1 / http1.SLOW_READS_PER_S)
            try:
                data = await self._stream.receive_some(max(1, rate // http1.SLOW_READS_PER_S) if rate else READ_BYTES)
            except trio.BrokenResourceError:
                self._peer_left(Departure.RST)
                return
            if not data:
                self._peer_left(Departure.FIN)
                return
            received.body += body.feed(bytes(data))
            self._cast.changed()
        received.body_at = time.monotonic()
        self._cast.changed()
