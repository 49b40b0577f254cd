"""Which connections are kept, and when one is connected. When one is replaced is in test_fallback.py."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import pytest
import trio
from support.calls import Notes, call, plan_for
from support.raw_upstream import OK, Peer, Scripted, answering, closing

from trioproxy.errors import UpstreamConnectFailed
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.upstream import Upstream

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_a_connection_is_used_again(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(answering(*[OK] * 5, CHUNKED + b"2\r\nhi\r\n0\r\n\r\n", OK))
    for _ in range(7):
        _, body = await call(source, plan_for(upstream.url, b"hello"))
        assert body == b"hi"
    assert len(upstream.peers) == 1


async def test_it_is_free_with_the_last_byte_not_with_the_last_call(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(answering(OK, OK))
    async with source.open(plan_for(upstream.url), Notes()) as first:
        await call(source, plan_for(upstream.url))
        assert await first.receive() == b"hi"
        assert await first.receive() == b""
    assert len(upstream.peers) == 1


@pytest.mark.parametrize(
    ("answer", "headers", "stays"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nhi", (), False),
        (b"HTTP/1.1 200 OK\r\nConnection: x-foo , close\r\nContent-Length: 2\r\n\r\nhi", (), False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", (), False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi", (), True),
        (b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", (), True),
        (OK, ((b"Connection", b"close"),), False),
        (OK + b"!", (), False),
        (OK + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", (), False),
    ],
)
async def test_who_may_keep_the_connection(
    answer: bytes, headers: tuple[tuple[bytes, bytes], ...], stays: bool, scripted: Scripted, source: Upstream
) -> None:
    upstream = await scripted(answering(answer, OK), answering(OK))
    for _ in range(2):
        _, body = await call(source, plan_for(upstream.url, headers=headers))
        assert body == b"hi"
    assert len(upstream.peers) == (1 if stays else 2)
    if not stays:
        await upstream.peers[0].gone.wait()


async def test_bytes_that_nobody_asked_for_condemn_an_idle_connection(scripted: Scripted, source: Upstream) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        await idle.wait()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
        said.set()
        await peer.until_gone()

    idle, said = trio.Event(), trio.Event()
    upstream = await scripted(script, answering(OK))
    await call(source, plan_for(upstream.url))
    idle.set()
    await said.wait()
    _, body = await call(source, plan_for(upstream.url))
    assert body == b"hi"
    assert len(upstream.peers) == 2


async def test_an_idle_connection_that_was_closed_is_not_used(
    scripted: Scripted, source: Upstream, server_tls: Callable[..., ssl.SSLContext], ca_file: str
) -> None:
    for tls in (None, server_tls("127.0.0.1")):
        upstream = await scripted(closing(OK), answering(OK), tls=tls)
        await call(source, plan_for(upstream.url, ca_file=ca_file))
        while upstream.peers[0].tcp.socket.fileno() != -1:
            await trio.lowlevel.checkpoint()
        received: list[bytes] = []

        async def body(received: list[bytes] = received) -> AsyncGenerator[bytes]:
            received.append(b"")
            yield b"once"

        async with aclosing(body()) as chunks:
            _, answer = await call(source, plan_for(upstream.url, chunks, ca_file=ca_file))
        assert answer == b"hi"
        assert len(upstream.peers) == 2
        assert len(received) == 1


async def test_connecting_and_permission_overlap_and_no_byte_goes_before_it(
    scripted: Scripted, source: Upstream
) -> None:
    upstream = await scripted(answering(OK))
    notes = Notes(permitted := trio.Event())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(call, source, plan_for(upstream.url), notes)
        peer = await upstream.peer(0)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert peer.received == b""
        assert notes.phases == [Phase.CONNECTING, "permission"]
        permitted.set()


async def test_origins_do_not_share(scripted: Scripted, source: Upstream) -> None:
    one, two = await scripted(answering(OK)), await scripted(answering(OK))
    await call(source, plan_for(one.url))
    await call(source, plan_for(two.url))
    assert (len(one.peers), len(two.peers)) == (1, 1)


async def test_closing_closes_the_idle_ones(scripted: Scripted) -> None:
    upstream = await scripted(answering(OK))
    async with Upstream() as source:
        await call(source, plan_for(upstream.url))
    await upstream.peers[0].gone.wait()


async def test_neither_http_nor_https(source: Upstream) -> None:
    for url in ("ftp://127.0.0.1", "http:///v1", "127.0.0.1:80", "http://127.0.0.1:99999999", "http://a\nb"):
        with pytest.raises(UpstreamConnectFailed):
            await call(source, plan_for(url))
