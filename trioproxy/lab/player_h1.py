"""Plays a script over HTTP/1.1: bytes onto a stream."""

from __future__ import annotations

from collections.abc import Callable

import trio

from trioproxy.lab import http1
from trioproxy.lab.player import Afterwards, Player, silence
from trioproxy.lab.received import Received
from trioproxy.lab.script import (
    Action,
    Chunk,
    Close,
    End,
    Ending,
    Framing,
    Garble,
    GoAway,
    Head,
    Interim,
    Raw,
    Reset,
    RstStream,
    Script,
    Short,
    Silence,
)


class H1Player(Player):
    """See Player."""

    def __init__(
        self, script: Script, received: Received, stream: trio.abc.SendStream, changed: Callable[[], None]
    ) -> None:
        super().__init__(script, received, changed)
        self._stream = stream

    async def _do(self, action: Action) -> None:
        match action:
            case Interim():
                await self._send(http1.interim_head(action))
            case Head():
                await self._send(http1.response_head(action, self._script))
            case Chunk(data) if self._has_body:
                await self._send(http1.chunk(data, self._head.framing))
            case Raw(data):
                await self._send(data)

    async def _end(self, ending: Ending) -> Afterwards:
        match ending:
            case End(hang_up=hang_up):
                if self._head.framing is Framing.CHUNKED and self._has_body:
                    await self._send(http1.LAST_CHUNK)
                self._answered()
                return Afterwards.FIN if hang_up or self._says_close() else Afterwards.REUSE
            case Close() | Short() | GoAway():
                return Afterwards.FIN
            case Reset() | RstStream():
                return Afterwards.RST
            case Garble():
                await self._send(http1.BAD_CHUNK_SIZE)
                await silence()
            case Silence():
                await silence()
        raise AssertionError(f"{ending} happens before there is a connection")

    def _says_close(self) -> bool:
        """The head, or the request, announced that this connection ends here (RFC 9112, 9.6)."""
        told = (*self._head.headers, *self._received.headers)
        announced = any(name.lower() == b"connection" and value.lower() == b"close" for name, value in told)
        return announced or self._head.framing is Framing.CLOSE

    async def _send(self, data: bytes) -> None:
        view = memoryview(data)
        for start in range(0, len(data), self._write_bytes):
            piece = view[start : start + self._write_bytes]
            await self._stream.send_all(piece)
            self._sent(len(piece))
