"""What never reaches the application is refused in words that clients of either API can read."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio
from support.h1 import H1Client
from support.h2c import H2Client
from support.hypercorn_server import serving

from trioproxy.app.hypercorn_fixes.refusal import refusal

LARGE = tuple((b"x%d" % number, b"y" * 10_000) for number in range(10))
MENDED = pytest.mark.parametrize("mended", [True, False])


async def app(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok", "more_body": False})


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, b"bad_request"), (431, b"headers_too_large"), (501, b"not_implemented"), (417, b"bad_request")],
)
def test_both_apis_can_read_it(status: int, code: bytes) -> None:
    headers, body = refusal(status)
    assert dict(headers)[b"x-trioproxy-error"] == code
    assert dict(headers)[b"content-length"] == b"%d" % len(body)
    value = json.loads(body)
    assert value["type"] == "error"  # Anthropic's
    assert value["error"]["code"] == code.decode()  # OpenAI's
    assert value["error"]["message"]
    assert value["error"]["type"]


@MENDED
@pytest.mark.parametrize(
    ("method", "rest", "status"),
    [
        ("POST", b"host: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400),
        ("GET", b"\r\n", 400),
        ("GET", b"host: x\r\nx: " + b"y" * 100_000 + b"\r\n\r\n", 431),
        ("GET", b"host: x\r\nupgrade: websocket\r\nconnection: keep-alive, upgrade\r\n\r\n", 400),
        ("HEAD", b"\r\n", 400),
    ],
)
async def test_http1(method: str, rest: bytes, status: int, mended: bool) -> None:
    async with serving(app, mended=mended) as served, await H1Client.connect(served.port) as client:
        await client.send(method.encode() + b" / HTTP/1.1\r\n" + rest)
        client.expect()
        with trio.fail_after(5):
            reply = await client.reply()
        assert (reply.status, reply.complete) == (status, True)
        assert (reply.header(b"x-trioproxy-error") is not None) is mended
        assert (reply.body != b"") is mended


async def test_http1_head_has_no_body() -> None:
    async with serving(app) as served, await H1Client.connect(served.port) as client:
        await client.send(b"HEAD ?x HTTP/1.1\r\nhost: x\r\n\r\n")
        client.expect("HEAD")
        with trio.fail_after(5):
            head = await client.head()
            assert (head.status, head.header(b"x-trioproxy-error")) == (400, b"bad_request")
            assert await client.wait_closed() == "eof"


@MENDED
async def test_an_upgrade_that_the_connection_does_not_ask_for_is_none(mended: bool) -> None:
    async with serving(app, mended=mended) as served, await H1Client.connect(served.port) as client:
        await client.request("GET", "/", [(b"upgrade", b"websocket")])
        with trio.fail_after(5):
            assert (await client.reply()).status == 200


async def test_http2() -> None:
    async with serving(app) as served, await H2Client.connect(served.port) as client:
        with trio.fail_after(5):
            reply = await client.reply(await client.request("GET", "*"))
            assert (reply.status, reply.complete) == (400, True)
            assert json.loads(reply.body)["error"]["code"] == "bad_request"
            head = await client.reply(await client.request("HEAD", "*"))
            assert (head.status, head.complete, bytes(head.body)) == (400, True, b"")
            assert (await client.reply(await client.request("GET", "/"))).complete


async def test_http2_without_room_for_the_words() -> None:
    """A client that grants a stream nothing is not waited for."""
    async with serving(app) as served, await H2Client.connect(served.port, window_bytes=10) as client:
        with trio.fail_after(5):
            assert (await client.reply(await client.request("GET", "/"))).complete
            reply = await client.reply(await client.request("GET", "*"))
            assert (reply.status, reply.reset_code) == (400, 1)


@MENDED
async def test_the_limit_of_http2_headers_is_the_configured_one(mended: bool) -> None:
    """As delivered it is 64 KiB, whatever the configuration says."""
    limit = {"h2_max_header_list_size": 200_000}
    async with serving(app, mended=mended, **limit) as served, await H2Client.connect(served.port) as client:
        with trio.fail_after(5):
            assert (await client.reply(await client.request("GET", "/"))).status == 200
            reply = await client.reply(await client.request("GET", "/", LARGE))
        assert (reply.status == 200) is mended
        assert client.ended is not mended
