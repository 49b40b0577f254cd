"""An application that returns in the middle of its response: the client sees it, and nobody else does."""

from __future__ import annotations

from contextlib import aclosing, suppress
from typing import Any

import pytest
import trio
from h2.errors import ErrorCodes
from support.h1 import H1Client
from support.h2c import H2Client
from support.hypercorn_server import happens, serving
from trio.testing import MockClock

from trioproxy.app.hypercorn_fixes import ClientGone

START = {"type": "http.response.start", "status": 200, "headers": []}


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """/whole: ends well; /echo: a piece for each piece received; else: returns after one piece."""
    await send(START)
    if scope["path"] == "/whole":
        await send(part(b"whole", more=False))
        return
    if scope["path"] == "/echo":
        while (message := await receive())["type"] == "http.request":
            await send(part(message["body"], more=message["more_body"]))
        return
    await send(part(b"a piece " * int(scope["query_string"] or b"1")))


async def test_h1_ends_without_the_last_chunk(clock: MockClock) -> None:
    async with serving(app) as served, await H1Client.connect(served.port) as client:
        await client.request()
        with trio.fail_after(1):
            reply = await client.reply()
        assert (reply.status, reply.body, reply.complete) == (200, b"a piece ", False)
    assert served.log == []


@pytest.mark.parametrize("mended", [True, False])
async def test_http_1_0_ends_by_reset(clock: MockClock, mended: bool) -> None:
    """There the connection's orderly end means that the response is complete (RFC 9112, 6.3)."""
    async with serving(app, mended=mended) as served, await H1Client.connect(served.port) as client:
        await client.send(b"GET / HTTP/1.0\r\n\r\n")
        with trio.fail_after(1):
            assert await client.wait_closed() == ("reset" if mended else "eof")


async def test_http_1_0_whole_ends_by_fin(clock: MockClock) -> None:
    async with serving(app) as served, await H1Client.connect(served.port) as client:
        await client.send(b"GET /whole HTTP/1.0\r\n\r\n")
        with trio.fail_after(1):
            assert await client.wait_closed() == "eof"


@pytest.mark.parametrize("mended", [True, False])
async def test_h2_is_reset_and_its_sibling_goes_on(clock: MockClock, mended: bool) -> None:
    async with serving(app, mended=mended) as served, await H2Client.connect(served.port) as client:
        sibling = await client.request("POST", "/echo", end=False)
        broken = await client.request("GET", "/?5000")  # 40 kB: more than one frame
        with trio.move_on_after(30):
            await client.reply(broken)
        assert (client.replies[broken].reset_code == ErrorCodes.INTERNAL_ERROR) is mended
        assert client.replies[broken].body == b"a piece " * 5000
        assert not client.replies[broken].complete
        await client.data(sibling, b"last", end=True)
        assert (await client.reply(sibling)).complete
    assert served.log == []


async def test_h2_with_a_closed_window_is_reset_without_its_last_bytes(clock: MockClock) -> None:
    async with serving(app) as served, await H2Client.connect(served.port, window_bytes=10, grant=False) as client:
        broken = await client.request("GET", "/?100")
        with trio.fail_after(5):
            reply = await client.reply(broken)
        assert (reply.body, reply.reset_code) == (b"a piece a ", ErrorCodes.INTERNAL_ERROR)


async def test_h2_thousands_of_aborts_on_one_connection(clock: MockClock) -> None:
    """More than any table on the way has room for."""
    async with serving(app, keep_alive_max_requests=10**9) as served, await H2Client.connect(served.port) as client:
        for _ in range(1300):
            reply = await client.reply(await client.request())
            assert reply.reset_code == ErrorCodes.INTERNAL_ERROR
        assert (await client.reply(await client.request("GET", "/whole"))).complete


@pytest.mark.parametrize("leave", ["close", "reset", "half_close"])
async def test_h1_ordinary_leaving_is_told_and_not_logged(clock: MockClock, leave: str) -> None:
    told = trio.Event()

    async def patient(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(part(b"x"))
        while (await receive())["type"] != "http.disconnect":
            pass
        assert (await receive())["type"] == "http.disconnect"
        with suppress(ClientGone):  # said where the write was tried; a connection closed already takes it silently
            await send(part(b"too late"))
        told.set()

    async with serving(patient) as served, await H1Client.connect(served.port) as client:
        await client.request()
        await client.head()
        async with aclosing(client.body()) as pieces:
            await anext(pieces)  # or the first part, too, would be on its way to nobody
        getattr(client, leave)()
        assert await happens(told, within_s=1)
        served.stop.set()
        assert await happens(served.gone, within_s=1)
    assert served.log == []


@pytest.mark.parametrize("leave", ["close", "reset", "goaway", "rst_stream"])
async def test_h2_ordinary_leaving_is_told_and_not_logged(clock: MockClock, leave: str) -> None:
    told = trio.Event()

    async def patient(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(part(b"x"))
        while (await receive())["type"] != "http.disconnect":
            pass
        await send(part(b"too late"))
        told.set()

    async with serving(patient) as served, await H2Client.connect(served.port) as client:
        stream_id = await client.request()
        await client.head(stream_id)
        if leave in ("close", "reset"):
            getattr(client, leave)()
        elif leave == "goaway":
            await client.goaway()
        else:
            await client.rst_stream(stream_id)
        assert await happens(told, within_s=1)
        served.stop.set()
        assert await happens(served.gone, within_s=1)
    assert served.log == []
