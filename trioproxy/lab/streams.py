"""One HTTP/2 connection of a scripted upstream: every stream is a request of its own, all at the same time.

    conversation ──▶ read, read, … ──▶ H2Stream: body in, script out      one task a stream
                                  └──▶ the peer withdrew: its script ends, nobody else's

What ends the connection (a script that says so, the peer) ends all of them.
"""

# A scripted upstream is a server: a connection owns its streams, and each can be ended alone.
# ruff: noqa: TID251

from __future__ import annotations

import ssl
from collections.abc import Callable

import h2.events
import h2.exceptions
import trio

from trioproxy.lab.frames import Frames
from trioproxy.lab.h2_stream import H2Stream
from trioproxy.lab.http1 import Malformed, RequestHead
from trioproxy.lab.player import Afterwards
from trioproxy.lab.received import Cast, Connection
from trioproxy.lab.script import Going
from trioproxy.sockets import Departure

READ_BYTES = 65536
# What the line of a connection with prior knowledge looks like to whoever reads HTTP/1.1 (RFC 9113, 3.4).
PREFACE_HEAD = b"PRI * HTTP/2.0\r\n\r\n"


class Streams:
    """Serves the streams of one connection."""

    def __init__(
        self, stream: trio.abc.Stream, connection: Connection, cast: Cast, departed: Callable[[Departure], None]
    ) -> None:
        self._stream = stream
        self._departed = departed
        self._connection = connection
        self._cast = cast
        self._frames = Frames(stream, client=False)
        self._alive: dict[int, H2Stream] = {}
        self._afterwards: Afterwards | None = None
        self._scope = trio.CancelScope()

    async def serve(self, first: bytes) -> Afterwards | None:
        """Answer what comes, from the bytes `first` on; what has to happen to the connection then, None if it ended.

        When the peer has ended it, `departed` is told.

        Raises:
            Malformed: the peer does not speak HTTP/2 (in an exception group).
        """
        self._connection.protocol = "HTTP/2"
        async with trio.open_nursery() as nursery:
            self._scope = nursery.cancel_scope
            nursery.start_soon(self._frames.write)
            self._frames.machine.initiate_connection()
            self._frames.push()
            self._take(first, nursery)
            while self._afterwards is None:
                data = await self._read()
                if isinstance(data, Departure):
                    self._departed(data)
                    break
                self._take(data, nursery)
            nursery.cancel_scope.cancel()
        return self._afterwards

    def peer_left(self, how: Departure | Going) -> None:
        """The peer ended the connection, or said that it will: every script ends."""
        for stream in self._alive.values():
            stream.peer_left(how)

    def stop(self) -> None:
        """The connection is over; no need to read on."""
        self._scope.cancel()

    async def _read(self) -> bytes | Departure:
        """What comes, or how the peer ended the connection."""
        try:
            return bytes(await self._stream.receive_some(READ_BYTES)) or Departure.FIN
        except trio.BrokenResourceError as error:
            # TLS that ends without its own farewell; under it is a FIN.
            return Departure.FIN if isinstance(error.__cause__, ssl.SSLError) else Departure.RST

    def _take(self, data: bytes, nursery: trio.Nursery) -> None:
        try:
            events = self._frames.receive(data)
        except h2.exceptions.ProtocolError as error:
            raise Malformed(f"{type(error).__name__}: {error}") from error
        for event in events:
            match event:
                case h2.events.RequestReceived():
                    self._ask(event, nursery)
                case h2.events.ConnectionTerminated():
                    self.peer_left(Going.GOAWAY)
                    self._afterwards = Afterwards.FIN
                case h2.events.DataReceived(stream_id=int(stream_id)):
                    size_bytes = event.flow_controlled_length or 0
                    if (stream := self._alive.get(stream_id)) is not None:
                        stream.has(event.data or b"", size_bytes)
                    else:
                        self._frames.pass_over(size_bytes)
                case h2.events.StreamEnded(stream_id=int(stream_id)) if stream_id in self._alive:
                    self._alive[stream_id].has_all()
                case h2.events.StreamReset(stream_id=int(stream_id)) if stream_id in self._alive:
                    self._alive[stream_id].peer_left(Going.RST_STREAM)

    def _ask(self, event: h2.events.RequestReceived, nursery: trio.Nursery) -> None:
        stream_id = event.stream_id or 0
        received = self._cast.request_came(self._connection, _head(event.headers or []))
        stream = H2Stream(received, self._frames, stream_id, self._cast)
        self._alive[stream_id] = stream
        nursery.start_soon(self._answer, stream, stream_id)

    async def _answer(self, stream: H2Stream, stream_id: int) -> None:
        afterwards = await stream.answer()
        del self._alive[stream_id]
        if afterwards in (Afterwards.FIN, Afterwards.RST):
            self._afterwards = afterwards
            self._scope.cancel()


def _head(headers: list[tuple[bytes, bytes]]) -> RequestHead:
    """A request's head as HTTP/1.1 would have it; the authority is its host (RFC 9113, 8.3.1)."""
    special = {name: value for name, value in headers if name.startswith(b":")}
    plain = tuple((name, value) for name, value in headers if not name.startswith(b":"))
    if b":authority" in special:
        plain = ((b"host", special[b":authority"]), *plain)
    method, target = special.get(b":method", b""), special.get(b":path", b"")
    return RequestHead(b"", method.decode("latin-1"), target.decode("latin-1"), plain)
