"""A plain HTTP/1.1 client that is told what to do step by step, and says how an answer ended.

    async with await LabClient.connect(url) as client:
        await client.post("/v1/messages", {"stream": True})
        while (event := await client.event()) is not None: ...
        client.ending   # CLEAN, TRUNCATED or RESET

One connection, one request at a time; nothing is retried, decoded or followed. Clients that follow a script are in
`lab/guest`; the answer is read the same way.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import trio

from trioproxy.lab.guest import AnswerEnding, Visit
from trioproxy.lab.guest.h1 import H1Line
from trioproxy.lab.guest.line import Wire
from trioproxy.lab.script import Ask, Going
from trioproxy.lab.tcp import TcpStream
from trioproxy.model import RawHeaders

__all__ = ["AnswerEnding", "LabClient"]

READ_BYTES = 65536


class LabClient:
    """One connection to a server. Leaving the `async with` block closes it."""

    def __init__(self, stream: trio.SocketStream, host: str) -> None:
        self._wire = Wire(TcpStream(stream), stream.socket, host, secure=False)
        self._visit = Visit(time.monotonic())
        self._line = H1Line(self._wire, self._visit)
        self._text = b""

    @classmethod
    async def connect(cls, url: str) -> Self:
        """A connection to the host and port of `url` (http).

        Raises:
            OSError: nobody is there.
        """
        parts = urlsplit(url)
        host, port = parts.hostname or "127.0.0.1", parts.port or 80
        return cls(await trio.open_tcp_stream(host, port), f"{host}:{port}")

    @property
    def status(self) -> int | None:
        """The answer's status, once its head is there."""
        return self._visit.status

    @property
    def headers(self) -> RawHeaders:
        """The answer's headers, once they are there."""
        return self._visit.headers

    @property
    def interim(self) -> list[int]:
        """The statuses of 1xx responses before the head."""
        return self._visit.interim

    @property
    def ending(self) -> AnswerEnding | None:
        """How the answer ended; None while it goes on."""
        return self._visit.ending

    async def post(
        self, path: str, body: bytes | Mapping[str, Any], headers: RawHeaders = (), *, await_head: bool = True
    ) -> None:
        """Send a POST; a mapping goes out as JSON. Returns when the answer's head is there, if `await_head`."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        await self.send("POST", path, ((b"content-type", b"application/json"), *headers), data)
        if await_head:
            await self.head()

    async def get(self, path: str, headers: RawHeaders = ()) -> None:
        """Send a GET; returns when the answer's head is there."""
        await self.send("GET", path, headers, b"")
        await self.head()

    async def send(self, method: str, path: str, headers: RawHeaders, body: bytes) -> None:
        """Send one request; with the connection kept alive, after the answer to the one before it."""
        self._visit, self._text = Visit(time.monotonic()), b""
        self._line = H1Line(self._wire, self._visit)
        await self._line.begin(Ask(path, body, headers, method), share=1.0)

    async def head(self) -> int | None:
        """The status of the answer, once its head is there; None if the connection ended first."""
        while self.status is None and self.ending is None:
            await self._read()
        return self.status

    def header(self, name: bytes) -> bytes | None:
        """The first value of the answer's header `name` (lower case), or None."""
        return self._visit.header(name)

    async def receive(self) -> bytes:
        """The next bytes of the body; `b""` once it is over, however it ended: see `ending`."""
        while not self._visit.body and self.ending is None:
            await self._read()
        data = bytes(self._visit.body)
        self._visit.body.clear()
        return data

    async def rest(self) -> bytes:
        """All that is left of the body."""
        parts = []
        while data := await self.receive():
            parts.append(data)
        return b"".join(parts)

    async def event(self) -> bytes | None:
        """The next server-sent event with its blank line; None once the body is over (a half event is dropped)."""
        while b"\n\n" not in self._text:
            data = await self.receive()
            if not data:
                return None
            self._text += data
        event, _, self._text = self._text.partition(b"\n\n")
        return event + b"\n\n"

    async def event_data(self) -> dict[str, Any] | None:
        """The next event's JSON; None at `[DONE]` and once the body is over."""
        while (event := await self.event()) is not None:
            for line in event.splitlines():
                if line.startswith(b"data:") and line != b"data: [DONE]":
                    value: dict[str, Any] = json.loads(line[5:])
                    return value
        return None

    def leave(self, how: Going = Going.FIN) -> float:
        """Go, without a word; when that was (`time.monotonic()`). Safe to call again."""
        left_at = time.monotonic()
        if self._wire.socket.fileno() < 0:
            return left_at
        match how:
            case Going.RST:
                self._wire.reset()
            case Going.HALF_CLOSE:
                self._wire.half_close()
            case _:
                self._wire.close()
        return left_at

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()

    async def _read(self) -> None:
        """Read once more."""
        try:
            await self._line.take(bytes(await self._wire.stream.receive_some(READ_BYTES)))
        except trio.BrokenResourceError:
            self._visit.end(AnswerEnding.RESET)
