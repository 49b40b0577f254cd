"""Plays one script to one request: bytes onto a stream, at the script's pace."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum, auto

import trio

from trioproxy.lab import http1
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

# One write holds at most this, so that `Received.sent_bytes` is never further off.
WRITE_BYTES = 65536


class Afterwards(Enum):
    """What becomes of the connection once a script is over."""

    REUSE = auto()
    FIN = auto()
    RST = auto()


class Player:
    """Plays `script` as the answer to `received`; `changed` is called after each fact that is noted there."""

    def __init__(
        self, script: Script, received: Received, stream: trio.abc.SendStream, changed: Callable[[], None]
    ) -> None:
        self._script = script
        self._received = received
        self._stream = stream
        self._changed = changed
        self._head = Head()

    async def play(self) -> Afterwards:
        """Do every step; what has to happen to the connection then.

        Raises:
            trio.BrokenResourceError: the peer reset the connection.

        Silent scripts end by cancellation alone.
        """
        for after_s, action in self._script.steps:
            if after_s:
                await trio.sleep(after_s)
            if isinstance(action, Ending):
                return await self._end(action)
            await self._send(self._wording(action))
        raise AssertionError("a script without an ending cannot be made")

    def _wording(self, action: Action) -> bytes:
        match action:
            case Interim():
                return http1.interim_head(action)
            case Head():
                self._head = action
                return http1.response_head(action, self._script)
            case Chunk(data):
                return http1.chunk(data, self._head.framing) if self._has_body else b""
            case Raw(data):
                return data
            case _:
                raise AssertionError(f"{action} has no wording")

    @property
    def _has_body(self) -> bool:
        """An answer to HEAD has the head that GET would have, and nothing else (RFC 9110, 9.3.2)."""
        return self._received.method != "HEAD"

    async def _end(self, ending: Ending) -> Afterwards:
        match ending:
            case End(hang_up=hang_up):
                if self._head.framing is Framing.CHUNKED and self._has_body:
                    await self._send(http1.LAST_CHUNK)
                self._received.answered_at = time.monotonic()
                self._changed()
                return Afterwards.FIN if hang_up or self._says_close() else Afterwards.REUSE
            case Close() | Short() | GoAway():
                return Afterwards.FIN
            case Reset() | RstStream():
                return Afterwards.RST
            case Garble():
                await self._send(http1.BAD_CHUNK_SIZE)
            case Silence():
                pass
            case _:
                raise AssertionError(f"{ending} happens before there is a connection")
        await trio.sleep_forever()
        raise AssertionError("nothing but cancellation ends a silence")

    def _says_close(self) -> bool:
        """The head, or the request, announced that this connection ends here (RFC 9112, 9.6)."""
        told = (*self._head.headers, *self._received.headers)
        announced = any(name.lower() == b"connection" and value.lower() == b"close" for name, value in told)
        return announced or self._head.framing is Framing.CLOSE

    async def _send(self, data: bytes) -> None:
        limit_bytes = self._script.write_bytes or WRITE_BYTES
        view = memoryview(data)
        for start in range(0, len(data), limit_bytes):
            piece = view[start : start + limit_bytes]
            await self._stream.send_all(piece)
            self._received.sent_bytes += len(piece)
        self._changed()
