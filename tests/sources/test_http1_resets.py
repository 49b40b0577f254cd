"""An upstream that resets while a request is being sent: what its answer is worth."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import pytest
import trio
from support.calls import Notes, call, plan_for
from support.raw_upstream import Peer, Scripted

from trioproxy.errors import UpstreamClosed, UpstreamTruncated
from trioproxy.sources.upstream import Upstream

TOO_LARGE = b"HTTP/1.1 413 Too Large\r\nContent-Length: 6\r\n\r\nno way"


@pytest.mark.parametrize("size", [5, 200_000])
@pytest.mark.parametrize("encrypted", [False, True])
async def test_an_answer_behind_a_send_error_is_read(
    size: int,
    encrypted: bool,
    scripted: Scripted,
    source: Upstream,
    server_tls: Callable[..., ssl.SSLContext],
    ca_file: str,
) -> None:
    """The upstream refuses at once, and its RST is there before we send: sending fails, the answer is readable."""
    permitted = trio.Event()

    async def script(peer: Peer) -> None:
        await peer.send(TOO_LARGE)
        peer.reset()
        permitted.set()

    upstream = await scripted(script, tls=server_tls("127.0.0.1") if encrypted else None)
    plan = plan_for(upstream.url, bytes(size), ca_file=ca_file)
    head, body = await call(source, plan, Notes(permitted))
    assert (head.status, body) == (413, b"no way")


@pytest.mark.parametrize("size", [5, 200_000])
@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_reset_that_sending_has_met_is_no_end_of_a_body(
    size: int,
    encrypted: bool,
    scripted: Scripted,
    source: Upstream,
    server_tls: Callable[..., ssl.SSLContext],
    ca_file: str,
) -> None:
    """The kernel tells of a reset once: a read after a write that met it finds what looks like a FIN."""
    permitted = trio.Event()

    async def script(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 413 Too Large\r\n\r\nno way")
        peer.reset()
        permitted.set()

    upstream = await scripted(script, tls=server_tls("127.0.0.1") if encrypted else None)
    plan = plan_for(upstream.url, bytes(size), ca_file=ca_file)
    with pytest.raises(UpstreamTruncated, match="reset the connection in the body"):
        await call(source, plan, Notes(permitted))


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


@pytest.mark.parametrize("size", [5, 200_000])
async def test_a_reset_behind_a_fin_does_not_undo_it(size: int, scripted: Scripted, source: Upstream) -> None:
    """A body that ends with its connection is whole at the FIN; what becomes of our upload after it is moot."""
    permitted = trio.Event()

    async def script(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 413 Too Large\r\n\r\nno way")
        peer.tcp.socket.shutdown(socket.SHUT_WR)
        peer.reset()
        permitted.set()

    upstream = await scripted(script)
    head, body = await call(source, plan_for(upstream.url, bytes(size)), Notes(permitted))
    assert (head.status, body) == (413, b"no way")
