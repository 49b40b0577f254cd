"""One stream of a scripted upstream over HTTP/2: its request is read as the script says, its script played."""

# Each stream can be ended alone: the peer withdraws one request, and others go on.
# ruff: noqa: TID251

from __future__ import annotations

import time
from collections import deque

import trio

from trioproxy.lab.frames import Frames
from trioproxy.lab.http1 import SLOW_READS_PER_S
from trioproxy.lab.player import Afterwards
from trioproxy.lab.player_h2 import H2Player
from trioproxy.lab.received import Cast, Received
from trioproxy.lab.script import Going, Script, Take
from trioproxy.sockets import Departure


class H2Stream:
    """A request and its script. `has`, `has_all` and `peer_left` are told what came on the stream."""

    def __init__(self, received: Received, frames: Frames, stream_id: int, cast: Cast) -> None:
        self._received = received
        self._frames = frames
        self._stream_id = stream_id
        self._cast = cast
        # Pieces of the body that wait to be read, with the room that each takes in the windows.
        self._pieces: deque[tuple[bytes, int]] = deque()
        self._whole = False
        self._news = trio.Event()
        self._scope = trio.CancelScope()

    def has(self, data: bytes, window_bytes: int) -> None:
        """A piece of the body came."""
        self._pieces.append((data, window_bytes))
        self._stir()

    def has_all(self) -> None:
        """The body is whole."""
        self._whole = True
        self._stir()

    def peer_left(self, how: Departure | Going) -> None:
        """The peer withdrew the request, or went; the script ends."""
        received = self._received
        if received.over_at is None and received.left_at is None:
            received.left_at, received.left_by = time.monotonic(), how
        self._scope.cancel()
        self._cast.changed()

    async def answer(self) -> Afterwards | None:
        """Play the script; what it says about the connection, None if the peer left first."""
        received, afterwards = self._received, None
        try:
            with self._scope:
                afterwards = await self._answer()
        except* trio.BrokenResourceError:
            pass  # whoever reads the connection notes who went, and how
        finally:
            received.over_at = time.monotonic()
            self._cast.changed()
        return afterwards

    async def _answer(self) -> Afterwards:
        script = self._cast.script_at_head(self._received)
        if script is None or script.take is Take.WHOLE:
            await self._read_body(script)
        script = script or self._cast.script_for(self._received)
        async with trio.open_nursery() as nursery:
            if script.take is Take.BESIDE:
                nursery.start_soon(self._read_body, script)
            elif script.take is Take.NOTHING:
                nursery.start_soon(self._pass_over)
            player = H2Player(script, self._received, self._frames, self._stream_id, self._cast.changed)
            afterwards = await player.play()
            if afterwards is not Afterwards.REUSE or script.take is Take.NOTHING:
                nursery.cancel_scope.cancel()
        return afterwards

    async def _read_body(self, script: Script | None) -> None:
        """Read until the body is whole, at the script's pace; windows open by what was read."""
        received = self._received
        rate = script.take_bytes_per_s if script else None
        if (received.header(b"expect") or b"").lower() == b"100-continue":
            self._frames.send_head(self._stream_id, ((b":status", b"100"),))
        while (piece := await self._next()) is not None:
            data, window_bytes = piece
            step = max(1, rate // SLOW_READS_PER_S) if rate else max(1, len(data))
            for start in range(0, len(data), step):
                if rate is not None:
                    await trio.sleep(1 / SLOW_READS_PER_S)
                received.body += data[start : start + step]
                self._cast.changed()
            self._frames.acknowledge(self._stream_id, window_bytes)
        received.body_at = time.monotonic()
        self._cast.changed()

    async def _pass_over(self) -> None:
        """Leave the body: its sender gets stuck, others on the connection do not."""
        while (piece := await self._next()) is not None:
            self._frames.pass_over(piece[1])

    async def _next(self) -> tuple[bytes, int] | None:
        """The next piece of the body; None once it is whole."""
        while not self._pieces:
            if self._whole:
                return None
            await self._news.wait()
        return self._pieces.popleft()

    def _stir(self) -> None:
        self._news.set()
        self._news = trio.Event()
