"""Bodies of answers: how they end, and what each read hands out."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import pytest
import trio
from support.calls import Notes, call, plan_for
from support.raw_upstream import OK, Peer, Script, Scripted, answering, closing

from trioproxy.errors import UpstreamTruncated
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.upstream import Upstream

SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNFRAMED = b"HTTP/1.1 200 OK\r\n\r\n"


def resetting(data: bytes) -> Script:
    """Sends `data`; resets when the test, which has read it, sets `peer.gone`."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(data)
        await peer.gone.wait()
        peer.reset()

    return script


async def test_one_read_is_one_chunk_and_the_end_needs_no_read(scripted: Scripted, source: Upstream) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(CHUNKED + b"3\r\none\r\n3\r\ntwo\r\n")
        await proceed.wait()
        await peer.send(b"5\r\nthree\r\n4\r\nfour\r\n0\r\n\r\n")
        await trio.sleep_forever()

    proceed = trio.Event()
    upstream = await scripted(script)
    notes = Notes()
    async with source.open(plan_for(upstream.url), notes) as answer:
        assert await answer.receive() == b"onetwo"
        proceed.set()
        assert await answer.receive() == b"threefour"
        progress = list(notes.phases)
        with trio.CancelScope() as scope:  # the end is known: nothing waits, nothing can be cancelled
            scope.cancel()
            assert await answer.receive() == b""
            assert await answer.receive() == b""
        assert notes.phases == progress
    assert notes.phases[-2:] == [Phase.STREAMING, Phase.STREAMING]


async def test_each_read_is_progress_even_without_payload(scripted: Scripted, source: Upstream) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(CHUNKED)
        await proceed.wait()
        await peer.send(b"3")
        while notes.phases.count(Phase.STREAMING) == before:
            await trio.lowlevel.checkpoint()
        await peer.send(b"\r\none\r\n")
        await peer.until_gone()

    proceed = trio.Event()
    upstream = await scripted(script)
    notes = Notes()
    async with source.open(plan_for(upstream.url), notes) as answer:
        before = notes.phases.count(Phase.STREAMING)
        proceed.set()
        assert await answer.receive() == b"one"
    assert notes.phases.count(Phase.STREAMING) == before + 2


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (SIZED + b"hello", "5 of 10 bytes"),
        (SIZED, "0 of 10 bytes"),
        (CHUNKED + b"5\r\nhello\r\n", "last chunk"),
        (CHUNKED + b"9\r\nhello", "last chunk"),
        (CHUNKED + b"5\r\nhello\r\n0\r\n", "last chunk"),
        (CHUNKED, "last chunk"),
    ],
)
async def test_short(data: bytes, says: str, scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(closing(data))
    async with source.open(plan_for(upstream.url), Notes()) as answer:
        assert answer.head.framed
        if b"hello" in data:
            assert await answer.receive() == b"hello"
        for _ in range(2):  # and so it stays
            with pytest.raises(UpstreamTruncated, match=rf"127\.0\.0\.1:\d+ broke off the body: .*{says}") as caught:
                await answer.receive()
            assert not caught.value.garbled


@pytest.mark.parametrize("data", [SIZED + b"hello", CHUNKED + b"5\r\nhello\r\n", UNFRAMED + b"hello"])
async def test_reset(data: bytes, scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(resetting(data))
    async with source.open(plan_for(upstream.url), Notes()) as answer:
        assert await answer.receive() == b"hello"
        upstream.peers[0].gone.set()
        with pytest.raises(UpstreamTruncated, match="reset"):
            await answer.receive()


@pytest.mark.parametrize("data", [b"5\r\nhello\r\nx\r\n", b"5\r\nhelloworld"])
async def test_garbled(data: bytes, scripted: Scripted, source: Upstream) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(CHUNKED)
        await proceed.wait()
        await peer.send(data)
        await peer.until_gone()

    proceed = trio.Event()
    upstream = await scripted(script)
    async with source.open(plan_for(upstream.url), Notes()) as answer:
        proceed.set()
        with pytest.raises(UpstreamTruncated, match="garbled") as caught:
            await answer.receive()
        assert caught.value.garbled
        await upstream.peers[0].gone.wait()  # closed before the block is left


async def test_garbled_right_behind_the_head(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(answering(CHUNKED + b"x\r\n"))
    async with source.open(plan_for(upstream.url), Notes()) as answer:
        assert answer.head.status == 200
        with pytest.raises(UpstreamTruncated, match="garbled"):
            await answer.receive()


async def test_under_tls_a_close_without_notice_is_a_close(
    scripted: Scripted, source: Upstream, server_tls: Callable[..., ssl.SSLContext], ca_file: str
) -> None:
    """Hardly any server sends close_notify; what a missing one means, the body's framing tells."""
    tls = server_tls("127.0.0.1")
    unframed = await scripted(closing(UNFRAMED + b"all of it"), tls=tls)
    head, body = await call(source, plan_for(unframed.url, ca_file=ca_file))
    assert (head.framed, body) == (False, b"all of it")
    framed = await scripted(closing(SIZED + b"hello"), tls=tls)
    with pytest.raises(UpstreamTruncated, match="5 of 10"):
        await call(source, plan_for(framed.url, ca_file=ca_file))


async def test_delimited_by_close(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(closing(UNFRAMED + b"all of it"))
    head, body = await call(source, plan_for(upstream.url))
    assert not head.framed
    assert body == b"all of it"


@pytest.mark.parametrize(
    ("method", "data"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n"),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ],
)
async def test_no_body(method: str, data: bytes, scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(answering(data, OK))
    head, body = await call(source, plan_for(upstream.url, method=method))
    assert head.framed
    assert body == b""
    if b"Content-Length: 10" in data:
        assert head.header(b"content-length") == b"10"
    _, body = await call(source, plan_for(upstream.url))
    assert body == b"hi"
    assert len(upstream.peers) == 1, "the connection goes on"


async def test_leaving_closes_at_once_and_an_ended_answer_leaves_the_line_alone(
    scripted: Scripted, source: Upstream
) -> None:
    upstream = await scripted(answering(SIZED + b"hello"), answering(OK, OK))
    async with source.open(plan_for(upstream.url), Notes()) as answer:
        assert await answer.receive() == b"hello"
    await upstream.peers[0].gone.wait()
    with pytest.raises(UpstreamTruncated, match="left"):
        await answer.receive()
    await call(source, plan_for(upstream.url))
    await call(source, plan_for(upstream.url))
    assert len(upstream.peers) == 2
