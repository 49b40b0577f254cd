"""A client of either protocol, for tests that do the same to both: ask, read a little, leave, or stay to the end."""

from __future__ import annotations

import ssl
from contextlib import aclosing
from dataclasses import dataclass

from support.h1 import H1Client, Head, Truncated
from support.h2c import H2Client

HEADERS = ((b"content-type", b"application/json"), (b"user-agent", b"guest/1"))
# Small enough that a client which stops reading is soon felt by the server.
SMALL_BYTES = 16384


@dataclass(frozen=True, slots=True)
class Seen:
    """What a client that stayed has seen: a whole answer, or its beginning."""

    status: int | None
    complete: bool
    code: str | None
    body: bytes
    # HTTP/2: the stream's error code.
    reset_code: int | None = None


class Guest:
    """One client with one request. `protocol` is "h1", "h2c" or "h2" (TLS)."""

    def __init__(self, protocol: str, client: H1Client | H2Client) -> None:
        self.protocol = protocol
        self._client = client
        self._stream_id = 0
        self._head: Head | None = None

    @classmethod
    async def arrive(
        cls,
        protocol: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        reads: bool = True,
        window_bytes: int | None = None,
        buffer_bytes: int = SMALL_BYTES,
    ) -> Guest:
        """Connect. `reads=False` makes a client whose buffers are full soon if it does not read."""
        receive_buffer_bytes = None if reads else buffer_bytes
        if protocol == "h1":
            return cls(protocol, await H1Client.connect(port, receive_buffer_bytes=receive_buffer_bytes))
        client = await H2Client.connect(
            port, tls=tls, receive_buffer_bytes=receive_buffer_bytes, grant=reads, window_bytes=window_bytes
        )
        return cls(protocol, client)

    async def ask(self, path: str, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        """Send the whole request."""
        if isinstance(self._client, H1Client):
            await self._client.request("POST", path, (*HEADERS, *headers), body)
        else:
            length = (b"content-length", b"%d" % len(body))
            self._stream_id = await self._client.request("POST", path, (*HEADERS, length, *headers), body)

    async def taste(self) -> None:
        """Read the head and the first bytes of the body."""
        await self.head()
        if isinstance(self._client, H1Client):
            async with aclosing(self._client.body()) as pieces:
                await anext(pieces)
        else:
            await self._client.body(self._stream_id, 1)

    async def head(self) -> None:
        """Read the head."""
        if isinstance(self._client, H1Client):
            self._head = self._head or await self._client.head()
        else:
            await self._client.head(self._stream_id)

    async def stay(self) -> Seen:
        """Read to the end of the answer, if it has one."""
        if isinstance(self._client, H1Client):
            body, complete = bytearray(), False
            try:
                await self.head()
                async for piece in self._client.body():
                    body += piece
                complete = True
            except Truncated:
                pass
            code = self._head.header(b"x-trioproxy-error") if self._head else None
            status = self._head.status if self._head else None
            return Seen(status, complete, code.decode() if code else None, bytes(body))
        if not self._client.grant:
            self._client.grant = True
            self._client.acknowledge(self._stream_id, max(1, len(self._client.replies[self._stream_id].body)))
            await self._client.flush()
        answer = await self._client.reply(self._stream_id)
        code = answer.header(b"x-trioproxy-error")
        return Seen(
            answer.status, answer.complete, code.decode() if code else None, bytes(answer.body), answer.reset_code
        )

    async def leave(self, sign: str) -> None:
        """Go, in the way that `sign` (rules/lifecycle.py, SIGNS) says."""
        client = self._client
        match sign:
            case "FIN" | "h2 connection dropped":
                client.close()
            case "RST":
                client.reset()
            case "half-close":
                assert isinstance(client, H1Client)
                client.half_close()
            case "h2 RST_STREAM":
                assert isinstance(client, H2Client)
                await client.rst_stream(self._stream_id)
            case "h2 GOAWAY":
                assert isinstance(client, H2Client)
                await client.goaway()
            case _:
                raise ValueError(sign)

    def close(self) -> None:
        """Let go of the connection, if it is still there."""
        self._client.close()
