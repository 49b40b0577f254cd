"""What happens to one HTTP/2 stream, or to the connection's end, leaves the other streams whole."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from h2.errors import ErrorCodes
from support.h1 import H1Client
from support.h2c import H2Client
from support.hypercorn_server import serving
from trio.testing import MockClock


async def app(scope: Any, receive: Any, send: Any) -> None:
    """/flood: 16 MB; /slow: one piece after 2 s; else: at once. Cancelled when the client leaves."""

    async def listen(scope: trio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen, nursery.cancel_scope)
        headers = [(b"x-path", scope["raw_path"])]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["path"] == "/slow":
            await trio.sleep(2)
        for _ in range(256 if scope["path"] == "/flood" else 0):
            await send({"type": "http.response.body", "body": b"x" * 2**16, "more_body": True})
        await send({"type": "http.response.body", "body": b"ok", "more_body": False})
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("mended", [True, False])
async def test_a_cancelled_stream_does_not_break_the_headers_of_others(clock: MockClock, mended: bool) -> None:
    """Its head waits for a blocked socket when its client resets it; the head must go out all the same."""
    async with (
        serving(app, mended=mended, stall_s=1000) as served,
        await H2Client.connect(served.port, window_bytes=2**30, receive_buffer_bytes=4096) as client,
    ):
        client.connection.increment_flow_control_window(2**30)
        flood = await client.request("GET", "/flood")
        await trio.sleep(1)
        cancelled = await client.request("GET", "/worth-remembering")
        await trio.sleep(1)
        await client.rst_stream(cancelled)
        await trio.sleep(1)
        next_one = await client.request("GET", "/worth-remembering")
        await client.reply(next_one)
        await client.reply(flood)
        assert (client.replies[next_one].header(b"x-path") == b"/worth-remembering") is mended
        assert client.replies[flood].complete or not mended


@pytest.mark.parametrize("mended", [True, False])
async def test_the_last_allowed_request_ends_no_stream(clock: MockClock, mended: bool) -> None:
    async with (
        serving(app, mended=mended, keep_alive_max_requests=2) as served,
        await H2Client.connect(served.port) as client,
    ):
        allowed = [await client.request("GET", "/slow") for _ in range(3)]
        with trio.move_on_after(30):
            for stream_id in allowed:
                await client.reply(stream_id)
        assert all(client.replies[stream_id].complete for stream_id in allowed) is mended
        if mended:
            with trio.fail_after(1):
                await client.wait_closed()
            assert client.goaway_code == ErrorCodes.NO_ERROR
        assert served.log == []


async def test_shutdown_lets_a_stream_end(clock: MockClock) -> None:
    async with serving(app, graceful_timeout=20) as served, await H2Client.connect(served.port) as client:
        flood = await client.request("GET", "/flood")
        await client.head(flood)
        await trio.sleep(1)
        served.stop.set()
        await trio.sleep(1)
        began = trio.current_time()
        await client.wait_closed()
        assert client.replies[flood].complete
        assert client.goaway_code == ErrorCodes.NO_ERROR
        assert trio.current_time() - began < 10


async def test_shutdown_refuses_new_streams_so_that_they_can_be_repeated(clock: MockClock) -> None:
    async with serving(app, graceful_timeout=20) as served, await H2Client.connect(served.port) as client:
        slow = await client.request("GET", "/slow")
        await client.head(slow)
        served.stop.set()
        await trio.sleep(0.5)
        late = await client.request("GET", "/")
        assert (await client.reply(slow)).complete
        assert client.replies[late].reset_code == ErrorCodes.REFUSED_STREAM
        with trio.fail_after(1):
            await client.wait_closed()
    assert served.log == []


@pytest.mark.parametrize("mended", [True, False])
async def test_an_idle_connection_is_closed_also_after_a_reset(clock: MockClock, mended: bool) -> None:
    async with (
        serving(app, mended=mended, keep_alive_timeout=5) as served,
        await H2Client.connect(served.port) as client,
    ):
        slow = await client.request("GET", "/slow")
        await client.head(slow)
        await client.rst_stream(slow)
        with trio.move_on_after(60) as waiting:
            await client.wait_closed()
        assert waiting.cancelled_caught is not mended
        assert client.goaway_code == (ErrorCodes.NO_ERROR if mended else None)


async def test_a_header_bomb_ends_its_own_connection_with_a_reason(clock: MockClock) -> None:
    async with serving(app) as served, await H2Client.connect(served.port) as client:
        await client.request("GET", "/", [(b"x-%d" % n, b"y" * 1000) for n in range(200)])
        await client.wait_closed()
        assert client.goaway_code == ErrorCodes.ENHANCE_YOUR_CALM
    assert served.log == []


async def test_rapid_resets(clock: MockClock) -> None:
    async with serving(app, keep_alive_max_requests=10**9) as served, await H2Client.connect(served.port) as client:
        for _ in range(20):
            batch = [await client.request("GET", "/slow") for _ in range(50)]
            for stream_id in batch:
                await client.rst_stream(stream_id)
        assert (await client.reply(await client.request("GET", "/"))).complete
    assert served.log == []


async def test_h2c_upgrade(clock: MockClock) -> None:
    async with serving(app) as served, await H1Client.connect(served.port) as h1:
        await h1.send(
            b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings\r\n"
            b"upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n"
        )
        assert (await h1.stream.receive_some()).startswith(b"HTTP/1.1 101")
        client = H2Client(h1.stream, h1.stream, grant=True)
        client.connection.initiate_upgrade_connection(b"AAMAAABkAAQAAP__")
        await client.flush()
        other = await client.request("GET", "/")
        assert (await client.reply(other)).complete
    assert served.log == []
