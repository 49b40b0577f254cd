"""Bytes beyond the request do not hide that the client leaves, and are not lost."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from support.h1 import H1Client
from support.hypercorn_server import happens, serving
from trio.testing import MockClock

from trioproxy.app.hypercorn_fixes.h1 import PIPELINED_BYTES

SECOND = b"POST /second HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n"


class Silent:
    """Answers when told to; `left` once the client is gone."""

    def __init__(self) -> None:
        self.head_sent = trio.Event()
        self.answer = trio.Event()
        self.left = trio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode(), "more_body": True})
        self.head_sent.set()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._listen, receive)
            await self.answer.wait()
            nursery.cancel_scope.cancel()
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _listen(self, receive: Any) -> None:
        assert (await receive())["type"] == "http.disconnect"
        self.left.set()
        self.answer.set()


@pytest.mark.parametrize("mended", [True, False])
@pytest.mark.parametrize("extra", [b"\r\n", b"x", SECOND])
@pytest.mark.parametrize("leave", ["close", "reset", "half_close"])
async def test_leaving_is_seen(clock: MockClock, mended: bool, extra: bytes, leave: str) -> None:
    app = Silent()
    async with serving(app, mended=mended) as served, await H1Client.connect(served.port) as client:
        await client.request()
        await app.head_sent.wait()
        await client.send(extra)
        await trio.sleep(1)
        getattr(client, leave)()
        assert await happens(app.left, within_s=10) is mended
        app.answer.set()
    assert served.log == []


async def test_the_bytes_are_the_next_request(clock: MockClock) -> None:
    app = Silent()
    async with serving(app) as served, await H1Client.connect(served.port) as client:
        await client.request("GET", "/first")
        await app.head_sent.wait()
        await client.send(SECOND)
        await trio.sleep(1)
        await client.send(b"hel")
        app.answer.set()
        assert (await client.reply()).body == b"/first"
        client.expect()
        await trio.sleep(1)
        await client.send(b"lo")
        assert (await client.reply()).body == b"/secondhello"
        await client.request("GET", "/third")
        assert (await client.reply()).body == b"/third"


async def test_a_pipeline_of_requests_in_one_write(clock: MockClock) -> None:
    app = Silent()
    app.answer.set()
    async with serving(app) as served, await H1Client.connect(served.port) as client:
        client.expect()
        await client.send(b"GET /1 HTTP/1.1\r\nhost: x\r\n\r\n" + SECOND + b"hello" + SECOND + b"again")
        assert (await client.reply()).body == b"/1"
        client.expect()
        assert (await client.reply()).body == b"/secondhello"
        client.expect()
        assert (await client.reply()).body == b"/secondagain"


async def test_what_is_held_is_bounded(clock: MockClock) -> None:
    app = Silent()
    async with serving(app) as served, await H1Client.connect(served.port) as client:
        await client.request()
        await app.head_sent.wait()
        await client.send(b"x" * (3 * PIPELINED_BYTES))
        assert await happens(app.left, within_s=10)
        assert not (await client.reply()).complete
    assert served.log == []


@pytest.mark.parametrize("target", ["http://localhost/x", "?x", "*", "localhost:443"])
async def test_targets_that_name_nothing_here(clock: MockClock, target: str) -> None:
    app = Silent()
    app.answer.set()
    async with serving(app) as served, await H1Client.connect(served.port) as client:
        await client.request("OPTIONS", target)
        assert (await client.reply()).status == 400
        assert not app.head_sent.is_set()
    assert served.log == []


async def test_bytes_that_come_while_the_early_ones_are_taken_up_keep_their_order(clock: MockClock) -> None:
    """The next request's body is already more than its application's queue holds, and more is coming."""
    received = bytearray()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await trio.sleep(5)
        more = True
        while more:
            message = await receive()
            received.extend(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    body = bytes(range(256)) * 1024
    async with serving(slow) as served, await H1Client.connect(served.port) as client:
        client.expect()
        head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
        await client.send(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" + head + body[:1000])
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def the_rest() -> None:
                await trio.sleep(2)
                await client.send(body[1000:50000])
                await trio.sleep(4)
                await client.send(body[50000:])

            assert (await client.reply()).complete
            client.expect()
            assert (await client.reply()).complete
    assert bytes(received) == body
    assert served.log == []


async def test_http_2_may_not_begin_in_the_middle_of_a_connection(clock: MockClock) -> None:
    app = Silent()
    async with serving(app) as served, await H1Client.connect(served.port) as client:
        await client.request("GET", "/first")
        await app.head_sent.wait()
        await client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        await trio.sleep(1)
        app.answer.set()
        assert (await client.reply()).body == b"/first"
        assert await client.wait_closed() == "eof"
    assert served.log == []
