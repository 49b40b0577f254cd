"""Bytes are the client's: both directions compared byte by byte, save what docs/adr/0012 lists."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import trio
from support.h1 import H1Client, Reply
from support.h2c import H2Client
from support.proxied import by_target, proxied

from trioproxy.lab.answers import message_stream
from trioproxy.lab.script import Close, Raw, Script
from trioproxy.model import RawHeaders

pytestmark = pytest.mark.slow


def once(answer: bytes) -> Script:
    """An answer that says that its connection ends with it: else the next request may be sent into its FIN."""
    end = answer.index(b"\r\n\r\n", answer.rindex(b"HTTP/1.1 "))
    return Script.of(Raw(answer[:end] + b"\r\nConnection: close" + answer[end:]), Close())


OK = once(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

# What goes in, and what must come out behind the request line and the host.
REQUEST_HEADERS = (
    b"Host: proxy.example\r\n"
    b"X-Twice: 1\r\n"
    b"Accept-Encoding: br;q=0.9, gzip\r\n"
    b"Cookie: mine=1\r\n"
    b"x-twice: 2\r\n"
    b"X-Latin: caf\xe9 \xff\r\n"
    b"X-Empty:\r\n"
    b"x_under.dot~!#$%&'*+-^`|: odd but a name\r\n"
    b"Connection: X-Hop, keep-alive\r\n"
    b"X-Hop: of this connection alone\r\n"
    b"Keep-Alive: timeout=5\r\n"
    b"TE: trailers\r\n"
    b"Proxy-Authorization: Basic Zm9v\r\n"
    b"X-TrioProxy-Secret: ours\r\n"
    b"Authorization: Bearer  two spaces\r\n"
)
ARRIVED_HEADERS = (
    b"x-twice: 1\r\n"
    b"accept-encoding: br;q=0.9, gzip\r\n"
    b"cookie: mine=1\r\n"
    b"x-twice: 2\r\n"
    b"x-latin: caf\xe9 \xff\r\n"
    b"x-empty: \r\n"
    b"x_under.dot~!#$%&'*+-^`|: odd but a name\r\n"
    b"authorization: Bearer  two spaces\r\n"
)
# Method and target as sent, and as they arrive where that is not the same.
TARGETS: tuple[tuple[bytes, bytes | None], ...] = (
    (b"GET /v1/files/a%2Fb%2f..%2E", None),
    (b"GET /v1//double//slash/", None),
    (b"GET /v1/a/./b/../c/..", None),
    (b'GET /v1/"quoted"<>{}|\\^`;,@[]', None),
    (b'GET /v1/models?q=a"b&c=%zz&&=&d[]=+%20#', None),
    (b"GET /v1/models??a?b", None),
    (b"OPTIONS /v1/models", None),
    (b"TRACE /v1/models", None),
    (b"PROPFIND /v1/models", None),
    (b"FROB-NI.CATE /v1/models", None),
    (b"DELETE /v1/files/1", None),
    # The exceptions: ASGI writes methods in capitals, and cannot tell an empty query from none.
    (b"Brew /v1/models", b"BREW /v1/models"),
    (b"GET /v1/models?", b"GET /v1/models"),
)


async def send(port: int, data: bytes, method: str = "GET") -> Reply:
    async with await H1Client.connect(port) as client:
        await client.send(data)
        client.expect(method)
        with trio.fail_after(10):
            return await client.reply()


async def test_the_request(tmp_path: Path) -> None:
    async with proxied(tmp_path, OK) as (proxy, upstream):
        host = b"host: 127.0.0.1:%d\r\n" % upstream.port
        for sent, arrived in TARGETS:
            assert (await send(proxy.port, sent + b" HTTP/1.1\r\n" + REQUEST_HEADERS + b"\r\n")).status == 200
            head = upstream.requests[-1].head.raw
            assert head == (arrived or sent) + b" HTTP/1.1\r\n" + host + ARRIVED_HEADERS + b"\r\n"
        # A body with any method; its framing is kept, and `Expect` was for the proxy.
        length = b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n{ }"
        assert (await send(proxy.port, b"DELETE /v1/files/1 HTTP/1.1\r\n" + REQUEST_HEADERS + length)).status == 200
        received = upstream.requests[-1]
        assert received.head.raw.endswith(ARRIVED_HEADERS + b"content-length: 3\r\n\r\n")
        assert bytes(received.body) == b"{ }"
        # A generation's: length and encoding are said at the end.
        chunked = b"Transfer-Encoding: chunked\r\n\r\n2\r\n{ \r\n5;ext=1\r\n\xff\r\n}\x00\r\n0\r\nX-Trailer: 1\r\n\r\n"
        generation = b"POST /v1/messages?beta=true HTTP/1.1\r\n"
        assert (await send(proxy.port, generation + REQUEST_HEADERS + chunked)).status == 200
        received = upstream.requests[-1]
        passed = ARRIVED_HEADERS.replace(b"accept-encoding: br;q=0.9, gzip\r\n", b"")
        added = b"accept-encoding: identity\r\ncontent-length: 7\r\n\r\n"
        assert received.head.raw == generation + host + passed + added
        assert bytes(received.body) == b"{ \xff\r\n}\x00"


async def test_the_request_over_http2(tmp_path: Path) -> None:
    """The same; `:authority` is not the upstream's business, and cookies that came in pieces are one, at the end."""
    headers = (
        (b"x-twice", b"1"),
        (b"cookie", b"a=1"),
        (b"x-latin", b"caf\xe9"),
        (b"cookie", b"b=2"),
        (b"x-twice", b"2"),
        (b"te", b"trailers"),
    )
    async with proxied(tmp_path, OK) as (proxy, upstream), await H2Client.connect(proxy.port) as client:
        for target in ("/v1/files/a%2Fb", '/v1//a/../"b"?q="&&', "/v1/models??"):
            with trio.fail_after(10):
                assert (await client.reply(await client.request("FROBNICATE", target, headers))).complete
            assert upstream.requests[-1].head.raw == (
                f"FROBNICATE {target} HTTP/1.1\r\nhost: 127.0.0.1:{upstream.port}\r\n".encode()
                + b"x-twice: 1\r\nx-latin: caf\xe9\r\nx-twice: 2\r\ncookie: a=1; b=2\r\n\r\n"
            )


async def test_a_large_head_in_pieces(tmp_path: Path) -> None:
    async with proxied(tmp_path, OK) as (proxy, upstream):
        value = b"v" * 59_000
        async with await H1Client.connect(proxy.port) as client:
            await client.send(b"GET /v1/models HTTP/1.1\r\nhost: x\r\nx-large: " + value[:30_000])
            await trio.sleep(0.1)  # else both would be read at once, which is the easy case
            await client.send(value[30_000:] + b"\r\nx-last: 1\r\n\r\n")
            client.expect()
            with trio.fail_after(10):
                assert (await client.reply()).status == 200
        assert upstream.requests[-1].headers[1:] == ((b"x-large", value), (b"x-last", b"1"))


ODD = (
    b"HTTP/1.1 200 Whatever\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nServer: theirs\r\nX-Twice: 1\r\n"
    b"Set-Cookie: a=1; Path=/\r\nx-twice: 2\r\nSet-Cookie: b=2\r\nX-Latin: caf\xe9 \xff\r\nX-Empty:\r\n"
    b"Connection: x-hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nX-TrioProxy-Error: faked\r\n"
    b"Proxy-Authenticate: Basic\r\nContent-Length: 4\r\n\r\n\x00\xff\r\n"
)
# Interim answers are not passed on, what follows them is.
HINTED = (
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!"
)
GZIPPED = gzip.compress(message_stream("Packed.").body)
ANSWERS: dict[str, tuple[bytes, int, RawHeaders, bytes]] = {
    "/v1/odd": (
        ODD,
        200,
        (
            (b"date", b"Mon, 23 Nov 2026 00:00:00 GMT"),
            (b"server", b"theirs"),
            (b"x-twice", b"1"),
            (b"set-cookie", b"a=1; Path=/"),
            (b"x-twice", b"2"),
            (b"set-cookie", b"b=2"),
            (b"x-latin", b"caf\xe9 \xff"),
            (b"x-empty", b""),
            (b"content-length", b"4"),
        ),
        b"\x00\xff\r\n",
    ),
    "/v1/bare": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, ((b"content-length", b"0"),), b""),
    "/v1/none": (b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n", 204, ((b"x-a", b"b"),), b""),
    "/v1/same": (
        b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 9\r\n\r\n',
        304,
        ((b"etag", b'"x"'),),
        b"",
    ),
    "/v1/overloaded": (b"HTTP/1.1 529 \r\nContent-Length: 2\r\n\r\n{}", 529, ((b"content-length", b"2"),), b"{}"),
    "/v1/odder": (b"HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n", 799, ((b"content-length", b"0"),), b""),
    "/v1/elsewhere": (
        b"HTTP/1.1 307 Moved\r\nLocation: /v1/odd\r\nContent-Length: 0\r\n\r\n",
        307,
        ((b"location", b"/v1/odd"), (b"content-length", b"0")),
        b"",
    ),
    "/v1/hinted": (HINTED, 200, ((b"content-length", b"1"),), b"!"),
    "/v1/messages": (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(GZIPPED), GZIPPED),
        200,
        (
            (b"content-type", b"text/event-stream"),
            (b"content-encoding", b"gzip"),
            (b"content-length", b"%d" % len(GZIPPED)),
        ),
        GZIPPED,
    ),
}
ANSWERING = by_target({target: once(answer[0]) for target, answer in ANSWERS.items()})


async def test_the_answer(tmp_path: Path) -> None:
    async with proxied(tmp_path, ANSWERING) as (proxy, _):
        async with await H1Client.connect(proxy.port) as h1, await H2Client.connect(proxy.port) as h2:
            for target, (_, status, headers, body) in ANSWERS.items():
                await h1.request("POST", target, body=b"{}")
                with trio.fail_after(10):
                    reply = await h1.reply()
                    other = await h2.reply(await h2.request("POST", target, body=b"{}"))
                assert (reply.status, reply.head.headers[:-1], reply.body) == (status, headers, body), target
                assert (other.status, tuple(other.headers[1:-1]), bytes(other.body)) == (status, headers, body), target
                assert reply.complete, target
                assert other.complete, target
                assert {reply.head.headers[-1][0], other.headers[-1][0]} == {b"x-trioproxy-id"}
        # Encoded, though identity was asked for: passed as it is, and metered all the same.
        [*_, gzipped] = [row for row in await proxy.settled(2 * len(ANSWERS)) if row["path"] == "/v1/messages"]
        assert (gzipped["output_tokens"], gzipped["usage_source"], gzipped["outcome"]) == (1, "reported", "delivered")


async def test_head_has_the_length_that_get_would_have(tmp_path: Path) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nContent-Type: text/plain\r\n\r\n"
    async with proxied(tmp_path, once(answer)) as (proxy, _):
        for _ in range(2):
            reply = await send(proxy.port, b"HEAD /v1/files/1 HTTP/1.1\r\nhost: x\r\n\r\n", "HEAD")
            assert (reply.status, reply.complete, reply.body) == (200, True, b"")
            assert reply.head.headers[:-1] == ((b"content-length", b"1234"), (b"content-type", b"text/plain"))
        async with await H2Client.connect(proxy.port) as client:
            with trio.fail_after(10):
                other = await client.reply(await client.request("HEAD", "/v1/files/1"))
            assert (other.complete, other.header(b"content-length"), bytes(other.body)) == (True, b"1234", b"")


async def test_one_clients_cookies_are_no_others(tmp_path: Path) -> None:
    sets = once(b"HTTP/1.1 200 OK\r\nSet-Cookie: session=alice; Path=/\r\nContent-Length: 0\r\n\r\n")
    async with proxied(tmp_path, [sets, OK, OK]) as (proxy, upstream):
        alice = await send(proxy.port, b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
        assert alice.head.header(b"set-cookie") == b"session=alice; Path=/"
        bob = await send(proxy.port, b"GET /v1/models HTTP/1.1\r\nhost: x\r\nCookie: session=bob\r\n\r\n")
        await send(proxy.port, b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
        assert bob.head.header(b"set-cookie") is None
        assert [received.header(b"cookie") for received in upstream.requests] == [None, b"session=bob", None]
