"""Plays a script over HTTP/2 (RFC 9113): frames on one stream.

What HTTP/1.1 tells by its framing is told by END_STREAM, whatever the head's framing. A script that ends the
connection ends it for every stream on it.
"""

from __future__ import annotations

from collections.abc import Callable

from h2.errors import ErrorCodes

from trioproxy.lab.frames import Frames
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

# A DATA frame of one byte on stream 0, where there is no data (RFC 9113, 6.1).
BAD_FRAME = b"\x00\x00\x01\x00\x00\x00\x00\x00\x00z"


class H2Player(Player):
    """See Player. `sent_bytes` counts DATA frames alone."""

    def __init__(
        self, script: Script, received: Received, frames: Frames, stream_id: int, changed: Callable[[], None]
    ) -> None:
        super().__init__(script, received, changed)
        self._frames = frames
        self._stream_id = stream_id

    async def _do(self, action: Action) -> None:
        frames = self._frames
        match action:
            case Interim(status, headers):
                frames.send_head(self._stream_id, ((b":status", b"%d" % status), *headers))
            case Head(status, headers, framing):
                length = self._script.content_length(action)
                told = ((b"content-length", b"%d" % length),) if framing is Framing.LENGTH else ()
                frames.send_head(
                    self._stream_id, ((b":status", b"%d" % status), *headers, *told), end=not self._has_body
                )
            case Chunk(data) if self._has_body:
                await frames.send_body(self._stream_id, data, most_bytes=self._write_bytes, sent=self._sent)
            case Raw(data):
                for start in range(0, len(data), self._write_bytes):
                    frames.push(data[start : start + self._write_bytes])
                    await frames.drain()
        await frames.drain()
        self._changed()

    async def _end(self, ending: Ending) -> Afterwards:
        match ending:
            case End(hang_up):
                self._end_stream()
                if self._received.body_at is None:
                    # What is left of the request is not wanted (RFC 9113, 8.1).
                    self._frames.reset(self._stream_id, ErrorCodes.NO_ERROR)
                await self._frames.drain()
                self._answered()
                return Afterwards.FIN if hang_up else Afterwards.REUSE
            case Short():
                self._end_stream()
                await self._frames.drain()
                return Afterwards.REUSE
            case RstStream(code):
                self._frames.reset(self._stream_id, code)
                await self._frames.drain()
                return Afterwards.REUSE
            case GoAway(code):
                self._frames.go_away(code, last_stream_id=max(0, self._stream_id - 2))
                await self._frames.drain()
                return Afterwards.FIN
            case Close():
                return Afterwards.FIN
            case Reset():
                return Afterwards.RST
            case Garble():
                self._frames.push(BAD_FRAME)
                await silence()
            case Silence():
                await silence()
        raise AssertionError(f"{ending} happens before there is a connection")

    def _end_stream(self) -> None:
        if self._has_body:
            self._frames.end(self._stream_id)
