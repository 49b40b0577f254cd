"""Which connection serves a request, and when it is replaced. Cancellation is in test_cancellation.py."""

from __future__ import annotations

import random
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

import pytest
import trio
from support.calls import Notes, call, plan_for
from support.raw_upstream import OK, Peer, Script, Scripted, answering, closing

from trioproxy.errors import UpstreamClosed, UpstreamConnectFailed
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

        async with aclosing(body()) as chunks:  # a stream: no retry could help
            _, answer = await call(source, plan_for(upstream.url, chunks, ca_file=ca_file))
        assert answer == b"hi"
        assert len(upstream.peers) == 2
        assert len(received) == 1


async def test_one_that_closes_while_permission_is_awaited_is_replaced(scripted: Scripted, source: Upstream) -> None:
    """Before the stream of its body is begun, or nothing could replace it. Ten times: tasks run in any order."""

    async def first(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        await peer.reading.wait()

    async def body() -> AsyncIterator[bytes]:
        yield b"once"

    async def second(peer: Peer) -> None:
        await peer.head()
        await peer.body(len(b"4\r\nonce\r\n0\r\n\r\n"))
        await peer.send(OK)

    for _ in range(10):
        upstream = await scripted(first, second)
        await call(source, plan_for(upstream.url))
        notes = Notes(permitted := trio.Event())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call, source, plan_for(upstream.url, body()), notes)
            await trio.testing.wait_all_tasks_blocked(0.001)
            upstream.peers[0].reading.set()
            await trio.testing.wait_all_tasks_blocked(0.001)
            permitted.set()
        assert len(upstream.peers) == 2


def drops_the_second(answer: bytes = b"", *, reset: bool = False) -> Script:
    """Serves one request; takes the next one, says `answer` and is gone."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        head = await peer.head()
        assert head, "the connection was used again"
        await peer.send(answer)
        if reset:
            peer.reset()

    return script


@pytest.mark.parametrize("size", [0, 5, 300_000])
@pytest.mark.parametrize("reset", [False, True])
async def test_a_stale_connection_is_replaced(size: int, reset: bool, scripted: Scripted, source: Upstream) -> None:
    received = []

    async def second(peer: Peer) -> None:
        await peer.head()
        received.append(await peer.body(size))
        await peer.send(OK)

    upstream = await scripted(drops_the_second(reset=reset), second)
    await call(source, plan_for(upstream.url))
    notes = Notes()
    body = random.Random(1).randbytes(size)
    _, answer = await call(source, plan_for(upstream.url, body), notes)
    assert answer == b"hi"
    assert received == [body]
    assert len(upstream.peers) == 2
    assert notes.phases.count("permission") == 1
    assert notes.phases.count(Phase.CONNECTING) == 2


async def test_it_is_replaced_once_and_by_a_fresh_one(scripted: Scripted, source: Upstream) -> None:
    """Three idle connections, each of which the upstream drops when used; and so it does with a fresh one."""
    upstream = await scripted(*[drops_the_second()] * 3, closing(b""), answering(OK))
    async with trio.open_nursery() as nursery:
        for number in range(3):
            notes = Notes()
            nursery.start_soon(call, source, plan_for(upstream.url), notes)
            await upstream.peer(number)
    with pytest.raises(UpstreamClosed):
        await call(source, plan_for(upstream.url))
    assert len(upstream.peers) == 4


async def test_a_fresh_connection_is_never_replaced(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(closing(b""), answering(OK))
    with pytest.raises(UpstreamClosed):
        await call(source, plan_for(upstream.url))
    assert len(upstream.peers) == 1


@pytest.mark.parametrize("answer", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n", b"garbage\r\n\r\n"])
async def test_not_after_a_byte_of_an_answer(answer: bytes, scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(drops_the_second(answer), answering(OK))
    await call(source, plan_for(upstream.url))
    with pytest.raises(UpstreamClosed):
        await call(source, plan_for(upstream.url))
    assert len(upstream.peers) == 1


async def test_not_when_the_stream_was_begun(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(drops_the_second(), answering(OK))

    async def body() -> AsyncIterator[bytes]:
        yield b"once"

    await call(source, plan_for(upstream.url))
    with pytest.raises(UpstreamClosed):
        await call(source, plan_for(upstream.url, body()))
    assert len(upstream.peers) == 1


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
