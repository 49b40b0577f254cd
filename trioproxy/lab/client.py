"""A plain HTTP/1.1 client on trio streams that can leave in every way and says how an answer ended.

    async with await LabClient.connect(url) as client:
        await client.post("/v1/messages", {"stream": True})
        while (event := await client.event()) is not None: ...
        client.ending   # CLEAN, TRUNCATED or RESET

One connection, one request at a time; nothing is retried, decoded or followed.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from enum import StrEnum
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import h11
import trio

from trioproxy.lab.guest import AnswerEnding
from trioproxy.model import RawHeaders
from trioproxy.sockets import reset

__all__ = ["AnswerEnding", "LabClient", "Leaving"]

READ_BYTES = 65536


class Leaving(StrEnum):
    """How a client goes."""

    FIN = "FIN"
    RST = "RST"
    # shutdown(SHUT_WR): it could still read.
    HALF_CLOSE = "half-close"


class LabClient:
    """One connection to a server. Leaving the `async with` block closes it."""

    def __init__(self, stream: trio.SocketStream, host: str) -> None:
        self.status: int | None = None
        self.headers: RawHeaders = ()
        self.interim: list[int] = []
        # None while the answer goes on.
        self.ending: AnswerEnding | None = None
        self._stream = stream
        self._host = host
        self._http = h11.Connection(h11.CLIENT)
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
        if self._http.our_state is not h11.IDLE:
            self._http.start_next_cycle()
        self.status, self.headers, self.ending, self._text = None, (), None, b""
        length: RawHeaders = ((b"content-length", str(len(body)).encode()),) if body else ()
        head = h11.Request(method=method, target=path, headers=[(b"host", self._host.encode()), *headers, *length])
        events: list[h11.Event] = [head, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()]
        await self._stream.send_all(b"".join(self._http.send(event) or b"" for event in events))

    async def head(self) -> int | None:
        """The status of the answer, once its head is there; None if the connection ended first."""
        while self.status is None and self.ending is None:
            match await self._next():
                case h11.InformationalResponse() as interim:
                    self.interim.append(interim.status_code)
                case h11.Response() as response:
                    self.status = response.status_code
                    self.headers = tuple((name, value) for name, value in response.headers)
        return self.status

    def header(self, name: bytes) -> bytes | None:
        """The first value of the answer's header `name` (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)

    async def receive(self) -> bytes:
        """The next bytes of the body; `b""` once it is over, however it ended: see `ending`."""
        while self.ending is None:
            if isinstance(event := await self._next(), h11.Data):
                return bytes(event.data)
        return b""

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

    def leave(self, how: Leaving = Leaving.FIN) -> float:
        """Go, without a word; when that was (`time.monotonic()`). Safe to call again."""
        sock = self._stream.socket
        left_at = time.monotonic()
        if sock.fileno() < 0:
            return left_at
        if how is Leaving.HALF_CLOSE:
            sock.shutdown(socket.SHUT_WR)
            return left_at
        if how is Leaving.RST:
            reset(sock)
        sock.close()
        return left_at

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()

    async def _next(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED] | None:
        """The next thing that came; sets `ending` when it is the last."""
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._stream.receive_some(READ_BYTES))
        except h11.RemoteProtocolError:
            self.ending = AnswerEnding.TRUNCATED
            return None
        except trio.BrokenResourceError:
            self.ending = AnswerEnding.RESET
            return None
        if isinstance(event, h11.EndOfMessage):
            self.ending = AnswerEnding.CLEAN
        elif isinstance(event, h11.ConnectionClosed):
            self.ending = AnswerEnding.TRUNCATED
        return event
