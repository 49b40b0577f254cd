"""Requests that are not HTTP, or not quite: refused by the one connection that brought them.

Every scene has a healthy stream on another connection, which has to go on after each of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from support.h1 import H1Client
from support.h2c import H2Client
from support.ours import is_ours
from support.pulse import beside_a_pulse

from trioproxy.lab.answers import message_stream
from trioproxy.lab.script import Script
from trioproxy.model import RawHeaders

pytestmark = pytest.mark.slow

YES: Script = message_stream("Yes.").script()
HOST = b"host: localhost\r\n"
CHUNKED = HOST + b"transfer-encoding: chunked\r\n\r\n"
MESSAGES, CHAT, FILES, MODELS = (
    b"POST /v1/messages HTTP/1.1\r\n",
    b"POST /openai/v1/chat/completions HTTP/1.1\r\n",
    b"POST /v1/files HTTP/1.1\r\n",
    b"GET /v1/models HTTP/1.1\r\n",
)


def large(size_bytes: int) -> RawHeaders:
    """Headers of that size, none so long that a client in Python would take seconds to compress it."""
    return tuple((b"x%d" % number, b"y" * 10_000) for number in range(size_bytes // 10_000))


MALFORMED_HTTP1: tuple[tuple[str, bytes, int, str], ...] = (
    ("bad chunk size", MESSAGES + CHUNKED + b"zz\r\n", 400, "bad_request"),
    ("bad chunk size later", CHAT + CHUNKED + b"3\r\n{} \r\nzz\r\n", 400, "bad_request"),
    ("bad chunk size of an upload", FILES + CHUNKED + b"3\r\nabc\r\nzz\r\n", 400, "bad_request"),
    ("a chunk that is too long", FILES + CHUNKED + b"3\r\nabcdef\r\n", 400, "bad_request"),
    ("one long header", MESSAGES + HOST + b"x: " + b"y" * 200_000 + b"\r\n\r\n", 431, "headers_too_large"),
    ("many headers", MODELS + HOST + b"x: y\r\n" * 40_000 + b"\r\n", 431, "headers_too_large"),
    ("two lengths", MESSAGES + HOST + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}", 400, "bad_request"),
    ("a negative length", MESSAGES + HOST + b"content-length: -2\r\n\r\n{}", 400, "bad_request"),
    ("an unknown framing", MESSAGES + HOST + b"transfer-encoding: gzip, chunked\r\n\r\n", 501, "not_implemented"),
    ("no host", MODELS + b"\r\n", 400, "bad_request"),
    ("a space in a name", MODELS + HOST + b"a : b\r\n\r\n", 400, "bad_request"),
    ("a zero in a value", MODELS + HOST + b"a: b\x00c\r\n\r\n", 400, "bad_request"),
    ("absolute form", b"GET http://example.org/v1/models HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    ("asterisk form", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    ("no path", b"GET ?x HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    ("not ASCII", b"GET /v1/caf\xe9 HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    ("a tunnel", b"CONNECT example.org:443 HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad_request"),
    ("half a handshake", MODELS + HOST + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n", 400, "bad_request"),
    ("garbage", b"garbage\r\n\r\n", 400, "bad_request"),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "bad_request"),
)
# A connection that cannot be read on: GOAWAY, PROTOCOL_ERROR or ENHANCE_YOUR_CALM.
MALFORMED_HTTP2: tuple[tuple[str, RawHeaders, int], ...] = (
    ("long headers", large(300_000), 11),
    ("many headers", tuple((b"x%d" % number, b"y") for number in range(20_000)), 11),
    ("a length that is none", ((b"content-length", b"5"),), 1),
    ("a header of HTTP/1.1", ((b"connection", b"close"),), 1),
    ("a name in capitals", ((b"X-Name", b"1"),), 1),
    ("a line break in a value", ((b"x", b"1\r\ny: 2"),), 1),
)


async def test_http1(tmp_path: Path) -> None:
    async with beside_a_pulse(tmp_path, YES) as (stage, pulse):
        for name, data, status, code in MALFORMED_HTTP1:
            async with await H1Client.connect(stage.proxy.port) as client:
                await client.send(data)
                client.expect("POST")
                with trio.fail_after(10):
                    reply = await client.reply()
                    # Nobody can tell where the next request would begin.
                    assert await client.wait_closed() == "eof", name
            # Where the body is at fault the API is known. Else it is anybody's guess: both can read the answer.
            in_the_body = CHUNKED in data
            if not (in_the_body and data.startswith(CHAT)):
                is_ours(reply, status, code, path="/v1/")
            if not in_the_body or data.startswith(CHAT):
                is_ours(reply, status, code, path="/openai/v1/")
            await pulse.unhurt()
        assert {(received.target, received.left) for received in stage.upstream.requests} <= {("/v1/files", True)}


async def test_http2(tmp_path: Path) -> None:
    async with beside_a_pulse(tmp_path, YES) as (stage, pulse):
        port = stage.proxy.port
        for path in (b"*", b"http://example.org/v1/models", b"/v1/caf\xe9", b"v1/models", b"?x"):
            async with await H2Client.connect(port) as client:
                with trio.fail_after(10):
                    reply = await client.reply(await client.request("GET", path))
                    is_ours(reply, 400, "bad_request", path="/v1/")
                    assert (await client.reply(await client.request("GET", "/"))).status == 200
            await pulse.unhurt()
        for name, headers, code in MALFORMED_HTTP2:
            async with await H2Client.connect(port) as client:
                with trio.fail_after(10):
                    reply = await client.reply(await client.request("POST", "/v1/messages", headers, b"{}"))
                assert (reply.status, client.ended, client.goaway_code) == (None, True, code), name
            await pulse.unhurt()
        # A frame that no connection may carry: DATA of stream 0.
        async with await H2Client.connect(port) as client:
            await client.stream.send_all(b"\x00\x00\x01\x00\x00\x00\x00\x00\x00x")
            with trio.fail_after(10):
                await client.wait_closed()
            assert client.goaway_code == 1
        await pulse.unhurt()
        assert stage.upstream.requests == []


async def test_large_headers_of_good_faith(tmp_path: Path) -> None:
    """What agents send at most, with room: 100 kB pass in either protocol, from a client's first words on."""
    async with beside_a_pulse(tmp_path, YES) as (stage, _):
        headers = large(100_000)
        async with await H1Client.connect(stage.proxy.port) as h1:
            await h1.request("POST", "/v1/messages", headers, b"{}")
            assert (await h1.reply()).status == 200
        async with await H2Client.connect(stage.proxy.port) as h2:
            with trio.fail_after(10):
                assert (await h2.reply(await h2.request("POST", "/v1/messages", headers, b"{}"))).status == 200
        for received in stage.upstream.requests:
            assert tuple(pair for pair in received.headers if pair in headers) == headers
