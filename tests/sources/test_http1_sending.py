"""Sending requests, and listening meanwhile."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

import pytest
import trio
from support.calls import Notes, call, plan_for
from support.raw_upstream import OK, Peer, Script, Scripted, answering

from trioproxy.errors import ClientError, RequestTimeout
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.upstream import Upstream

BIG = bytes(20 << 20)


async def test_phases_of_a_small_request(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(answering(OK))
    notes = Notes()
    await call(source, plan_for(upstream.url, b"hello"), notes)
    assert notes.phases == [Phase.CONNECTING, "permission", Phase.SENDING, Phase.WAITING, Phase.STREAMING]


async def test_each_piece_that_went_out_is_progress(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(answering(OK))
    notes = Notes()
    await call(source, plan_for(upstream.url, bytes(10 * 65536 + 1)), notes)
    assert notes.phases[:2] == [Phase.CONNECTING, "permission"]
    assert notes.phases.count(Phase.SENDING) >= 12  # the beginning, the head, eleven pieces
    assert notes.phases[-2:] == [Phase.WAITING, Phase.STREAMING]


async def test_a_streamed_body(scripted: Scripted, source: Upstream) -> None:
    received = []

    async def script(peer: Peer) -> None:
        received.append(await peer.head())
        received.append(await peer.body(len(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")))
        await peer.send(OK)
        await peer.until_gone()

    async def body() -> AsyncIterator[bytes]:
        yield b"one"
        yield b""
        yield b"two"

    upstream = await scripted(script)
    notes = Notes()
    await call(source, plan_for(upstream.url, body()), notes)
    assert b"transfer-encoding: chunked" in received[0]
    assert received[1] == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    assert notes.phases[-2:] == [Phase.WAITING, Phase.STREAMING]


def early(answer: bytes, *, reads: int = 0) -> Script:
    """Answers after the head and `reads` bytes of the body, then reads no more and stays."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.body(reads)
        await peer.send(answer)
        await trio.sleep_forever()

    return script


TOO_LARGE = b"HTTP/1.1 413 Too Large\r\nContent-Length: 6\r\n\r\nno way"


@pytest.mark.parametrize("reads", [0, 1 << 20])
async def test_an_answer_before_the_body_is_sent(reads: int, scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(early(TOO_LARGE, reads=reads), answering(OK))
    head, body = await call(source, plan_for(upstream.url, BIG))
    assert (head.status, body) == (413, b"no way")
    await call(source, plan_for(upstream.url))
    assert len(upstream.peers) == 2, "a connection with half a request on it must not be used again"


async def test_an_early_answer_whose_body_comes_later(
    scripted: Scripted, source: Upstream, server_tls: Callable[..., ssl.SSLContext], ca_file: str
) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await trio.testing.wait_all_tasks_blocked(0.01)  # until the sender is stuck in the middle of a piece
        await peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 6\r\n\r\n")
        await left.wait()
        await peer.send(b"no way")
        await trio.sleep_forever()

    for tls in (None, server_tls("127.0.0.1")):
        left = trio.Event()
        upstream = await scripted(script, tls=tls)
        plan = plan_for(upstream.url, BIG, ca_file=ca_file)
        async with source.open(plan, Notes()) as answer:
            left.set()
            assert await answer.receive() == b"no way"
            assert await answer.receive() == b""


async def test_an_early_answer_while_the_client_is_silent(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(early(TOO_LARGE, reads=1))

    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        await trio.sleep_forever()

    head, answer = await call(source, plan_for(upstream.url, body()))
    assert (head.status, answer) == (413, b"no way")


async def test_what_the_body_raises_comes_out_as_it_is(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(Peer.until_gone)
    error = RequestTimeout("silent")

    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        raise error

    with pytest.raises(RequestTimeout) as caught:
        await call(source, plan_for(upstream.url, body()))
    assert caught.value is error
    await upstream.peers[0].gone.wait()


@pytest.mark.parametrize("length", [4, 6])
async def test_a_stream_that_is_not_as_long_as_it_says(length: int, scripted: Scripted, source: Upstream) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        body.append(await peer.body(100))
        await peer.until_gone()

    async def stream() -> AsyncGenerator[bytes]:
        yield b"hello"

    body: list[bytes] = []
    upstream = await scripted(script)
    async with aclosing(stream()) as chunks:
        with pytest.raises(ClientError, match="content-length"):
            await call(source, plan_for(upstream.url, chunks, headers=((b"content-length", b"%d" % length),)))
    await upstream.peers[0].gone.wait()
    assert body == [b"" if length == 4 else b"hello"], "nothing beyond the length may go out"


async def test_a_body_that_fails_because_it_is_cancelled_does_not_hide_the_cancellation(
    scripted: Scripted, source: Upstream
) -> None:
    upstream = await scripted(early(b"", reads=1))
    with trio.CancelScope() as scope:

        async def body() -> AsyncIterator[bytes]:
            yield b"x"
            scope.cancel()
            try:
                await trio.sleep_forever()
            finally:
                raise ZeroDivisionError

        await call(source, plan_for(upstream.url, body()))
    assert scope.cancelled_caught


async def test_cancelled_while_sending_and_listening(scripted: Scripted, source: Upstream) -> None:
    """No exception group, no other error: what comes out is the cancellation alone."""
    upstream = await scripted(early(b"", reads=1))
    with trio.CancelScope() as scope:

        async def body() -> AsyncIterator[bytes]:
            yield b"x"
            scope.cancel()
            await trio.sleep_forever()

        with pytest.raises(trio.Cancelled) as caught:
            await call(source, plan_for(upstream.url, body()))
        raise caught.value
    assert scope.cancelled_caught
