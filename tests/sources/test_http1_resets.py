"""An upstream that resets while a request is being sent: what its answer is worth."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import pytest
import trio
from support.calls import Notes, call, plan_for
from support.raw_upstream import Peer, Scripted

from trioproxy.errors import UpstreamClosed, UpstreamTruncated
from trioproxy.model import Head
from trioproxy.sources.upstream import Upstream

FRAMED = b"HTTP/1.1 413 Too Large\r\nContent-Length: 6\r\n\r\nno way"
# Its body ends with the connection.
UNFRAMED = b"HTTP/1.1 413 Too Large\r\n\r\nno way"

Asked = Callable[..., Awaitable[tuple[Head, bytes]]]


@pytest.fixture
def asked(scripted: Scripted, source: Upstream, server_tls: Callable[..., ssl.SSLContext], ca_file: str) -> Asked:
    """`await asked(answer, size)`: the upstream answers at once, and its RST is there before a byte is sent to it."""

    async def ask(answer: bytes, size: int, *, encrypted: bool = False, fin: bool = False) -> tuple[Head, bytes]:
        permitted = trio.Event()

        async def script(peer: Peer) -> None:
            await peer.send(answer)
            if fin:
                peer.tcp.socket.shutdown(socket.SHUT_WR)
            peer.reset()
            permitted.set()

        upstream = await scripted(script, tls=server_tls("127.0.0.1") if encrypted else None)
        return await call(source, plan_for(upstream.url, bytes(size), ca_file=ca_file), Notes(permitted))

    return ask


@pytest.mark.parametrize("size", [5, 200_000])
@pytest.mark.parametrize("encrypted", [False, True])
async def test_an_answer_behind_a_send_error_is_read(size: int, encrypted: bool, asked: Asked) -> None:
    head, body = await asked(FRAMED, size, encrypted=encrypted)
    assert (head.status, body) == (413, b"no way")


@pytest.mark.parametrize("size", [5, 200_000])
@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_reset_that_sending_has_met_is_no_end_of_a_body(size: int, encrypted: bool, asked: Asked) -> None:
    """The kernel tells of a reset once: a read after a write that met it finds what looks like a FIN."""
    with pytest.raises(UpstreamTruncated, match="reset the connection in the body"):
        await asked(UNFRAMED, size, encrypted=encrypted)


@pytest.mark.parametrize("size", [5, 200_000])
async def test_a_reset_behind_a_fin_does_not_undo_it(size: int, asked: Asked) -> None:
    """A body that ends with its connection is whole at the FIN; what becomes of our upload after it is moot."""
    head, body = await asked(UNFRAMED, size, fin=True)
    assert (head.status, body) == (413, b"no way")


async def test_a_reset_in_the_middle_of_an_upload_is_said_to_be_one(scripted: Scripted, source: Upstream) -> None:
    """A send or a read meets it, as the scheduler has it: both come in so many rounds."""

    async def script(peer: Peer) -> None:
        await peer.head()
        for _ in range(10):
            await trio.lowlevel.checkpoint()
        peer.reset()

    async def body() -> AsyncGenerator[bytes, None]:
        while True:
            yield b"x"
            await trio.lowlevel.checkpoint()

    upstream = await scripted(script)
    for _ in range(60):
        async with aclosing(body()) as content:
            with pytest.raises(UpstreamClosed, match="reset the connection before a response head"):
                await call(source, plan_for(upstream.url, content))
