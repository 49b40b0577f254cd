"""Heads on the wire. Sending is in test_http1_sending.py, bodies of answers in test_answer.py."""

from __future__ import annotations

import pytest
import trio
from support.calls import call, plan_for
from support.raw_upstream import OK, Peer, Scripted, answering

from trioproxy.errors import ClientError, UpstreamClosed
from trioproxy.sources.upstream import Upstream


async def test_the_request_goes_out_byte_by_byte_as_given(scripted: Scripted, source: Upstream) -> None:
    heads = []

    async def script(peer: Peer) -> None:
        heads.append(await peer.head())
        await peer.send(OK)

    upstream = await scripted(script)
    headers = ((b"x-Mixed-CASE", b"1"), (b"latin", b"caf\xe9"), (b"twice", b"a"), (b"TWICE", b"b"), (b"empty", b""))
    target = b'/a/./b/../c//d%2Fe?q="x"&r=%22&'
    await call(source, plan_for(upstream.url, method="pUT", target=target, headers=headers))
    assert heads == [
        b"pUT " + target + b" HTTP/1.1\r\n"
        b"host: upstream\r\nx-Mixed-CASE: 1\r\nlatin: caf\xe9\r\ntwice: a\r\nTWICE: b\r\nempty: \r\n\r\n"
    ]


async def test_the_head_comes_back_byte_by_byte_as_sent(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(
        answering(
            b"HTTP/1.1 529 Site is overloaded\r\nX-Mixed-CASE: 1\r\nlatin:caf\xe9  \r\nSet-Cookie: a=b\r\n"
            b"set-cookie: c=d\r\nLocation: http://[oops\r\nConnection: X-Foo\r\ncontent-LENGTH: 2\r\n\r\nhi"
        )
    )
    head, body = await call(source, plan_for(upstream.url))
    assert (head.status, head.framed, body) == (529, True, b"hi")
    assert head.headers == (
        (b"X-Mixed-CASE", b"1"),
        (b"latin", b"caf\xe9"),
        (b"Set-Cookie", b"a=b"),
        (b"set-cookie", b"c=d"),
        (b"Location", b"http://[oops"),
        (b"Connection", b"X-Foo"),
        (b"content-LENGTH", b"2"),
    )


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_an_answer_like_any_other(status: int, scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(
        answering(b"HTTP/1.1 %d Moved\r\nLocation: http://[oops\r\nContent-Length: 2\r\n\r\nhi" % status)
    )
    head, body = await call(source, plan_for(upstream.url))
    assert (head.status, body) == (status, b"hi")
    assert len(upstream.peers) == 1


async def test_a_void_length_beside_chunked_does_not_pass(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
    )
    head, body = await call(source, plan_for(upstream.url))
    assert head.headers == ((b"Transfer-Encoding", b"chunked"),)
    assert body == b"hi"


async def test_a_head_in_single_bytes(scripted: Scripted, source: Upstream) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        for at in range(len(OK)):
            await peer.send(OK[at : at + 1])
        await peer.until_gone()

    upstream = await scripted(script)
    _, body = await call(source, plan_for(upstream.url))
    assert body == b"hi"


async def test_1xx_are_passed_over(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(
        answering(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK)
    )
    head, body = await call(source, plan_for(upstream.url))
    assert (head.status, body) == (200, b"hi")


@pytest.mark.parametrize(
    ("start", "more", "says"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"a: b\r\n" * 1000, "too long"),
        (b"HTTP/1.1 200 OK\r\na: ", b"b" * 8000, "too long"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 400, "too long"),
        (b"", b"x" * 8000, "garbled"),
    ],
)
async def test_an_endless_head_is_bounded(
    start: bytes, more: bytes, says: str, scripted: Scripted, source: Upstream
) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(start)
        with pytest.raises(trio.BrokenResourceError):  # noqa: PT012 (the client closes at some point)
            while True:
                await peer.stream.send_all(more)
        peer.gone.set()

    upstream = await scripted(script)
    with pytest.raises(UpstreamClosed, match=says):
        await call(source, plan_for(upstream.url))
    await upstream.peers[0].gone.wait()


@pytest.mark.parametrize(
    "answer",
    [
        b"\x16\x03\x01 not http\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
    ],
)
async def test_a_garbled_head(answer: bytes, scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(answering(answer))
    with pytest.raises(UpstreamClosed, match="garbled") as caught:
        await call(source, plan_for(upstream.url))
    assert caught.value.garbled
    assert "not http" not in caught.value.message, "what it quotes may be a secret"
    await upstream.peers[0].gone.wait()


async def test_an_upgrade_is_not_taken(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(
        answering(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
    )
    headers = ((b"connection", b"upgrade"), (b"upgrade", b"websocket"))
    with pytest.raises(UpstreamClosed, match="switches protocols"):
        await call(source, plan_for(upstream.url, method="GET", headers=headers))


async def test_closed_or_reset_before_the_head(scripted: Scripted, source: Upstream) -> None:
    async def closes(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 200")

    async def resets(peer: Peer) -> None:
        await peer.head()
        peer.reset()

    upstream = await scripted(closes, resets)
    with pytest.raises(UpstreamClosed, match=r"127\.0\.0\.1:\d+ closed the connection before"):
        await call(source, plan_for(upstream.url))
    with pytest.raises(UpstreamClosed, match=r"127\.0\.0\.1:\d+ reset the connection before"):
        await call(source, plan_for(upstream.url))
    assert len(upstream.peers) == 2, "a fresh connection gets no second chance"


@pytest.mark.parametrize(
    "headers", [((b"x-api-key", b"sk-secret\n"),), ((b"sk-secret ", b"x"),), ((b"x-api-key", b"sk-secret\x00'"),)]
)
async def test_what_cannot_be_written_is_the_clients_fault(
    headers: tuple[tuple[bytes, bytes], ...], scripted: Scripted, source: Upstream
) -> None:
    upstream = await scripted(answering(OK))
    with pytest.raises(ClientError) as caught:
        await call(source, plan_for(upstream.url, headers=headers))
    assert caught.value.status == 400
    assert "secret" not in caught.value.message
    await (await upstream.peer(0)).gone.wait()
    assert upstream.peers[0].received == b""
