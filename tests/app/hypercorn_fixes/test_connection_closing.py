"""A connection closes when it should, also under Quart-trio, which cancels the response's last step."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio
from quart_trio import QuartTrio
from support.h1 import H1Client
from support.h2c import H2Client
from support.hypercorn_server import App, serving
from trio.testing import MockClock


def quart_app() -> App:
    app = QuartTrio(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 10

    @app.route("/", methods=["GET", "POST"])
    async def hello() -> str:
        from quart import request

        await request.get_data()
        return "hello"

    @app.route("/stream")
    async def stream() -> AsyncIterator[bytes]:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"a"
            yield b"b"

        return pieces()

    return app  # type: ignore[return-value]


async def closes_within(client: H1Client, seconds: float) -> bool:
    with trio.move_on_after(seconds):
        await client.wait_closed()
        return True
    return False


CLOSING = {
    "connection: close": b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    "HTTP/1.0 stream": b"GET /stream HTTP/1.0\r\n\r\n",
    "413": b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n",
}


@pytest.mark.parametrize("mended", [True, False])
@pytest.mark.parametrize("case", CLOSING)
async def test_quart_trio_connection_is_closed(clock: MockClock, mended: bool, case: str) -> None:
    async with (
        serving(quart_app(), mended=mended, keep_alive_timeout=75) as served,
        await H1Client.connect(served.port) as client,
    ):
        await client.send(CLOSING[case])
        assert await closes_within(client, 5) is mended
    assert served.log == []


@pytest.mark.parametrize("mended", [True, False])
async def test_quart_trio_idle_h1_connection_is_closed_in_time(clock: MockClock, mended: bool) -> None:
    async with (
        serving(quart_app(), mended=mended, keep_alive_timeout=10) as served,
        await H1Client.connect(served.port) as client,
    ):
        for _ in range(3):
            await client.request()
            assert (await client.reply()).body == b"hello"
        assert not await closes_within(client, 8)
        assert await closes_within(client, 8) is mended


@pytest.mark.parametrize("mended", [True, False])
async def test_quart_trio_idle_h2_connection_is_closed_in_time(clock: MockClock, mended: bool) -> None:
    async with (
        serving(quart_app(), mended=mended, keep_alive_timeout=10) as served,
        await H2Client.connect(served.port) as client,
    ):
        assert (await client.reply(await client.request())).body == b"hello"
        with trio.move_on_after(8):
            await client.wait_closed()
        assert not client.ended
        with trio.move_on_after(8):
            await client.wait_closed()
        assert client.ended is mended


@pytest.mark.parametrize("mended", [True, False])
async def test_quart_trio_shutdown_does_not_wait_for_the_grace(clock: MockClock, mended: bool) -> None:
    async with (
        serving(quart_app(), mended=mended, graceful_timeout=30) as served,
        await H2Client.connect(served.port) as client,
    ):
        assert (await client.reply(await client.request())).body == b"hello"
        began = trio.current_time()
        served.stop.set()
        await client.wait_closed()
        await served.gone.wait()
        assert (trio.current_time() - began < 15) is mended


async def test_read_timeout_still_works(clock: MockClock) -> None:
    async with (
        serving(quart_app(), keep_alive_timeout=75, read_timeout=5) as served,
        await H1Client.connect(served.port) as client,
    ):
        assert not await closes_within(client, 4)
        assert await closes_within(client, 4)


@pytest.mark.parametrize("mended", [True, False])
async def test_nothing_of_a_connection_outlives_its_client(clock: MockClock, mended: bool) -> None:
    """Half-closed, the client can see when the server lets go."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("no request was made")

    async with (
        serving(app, mended=mended, keep_alive_timeout=75) as served,
        await H1Client.connect(served.port) as client,
    ):
        client.half_close()
        assert await closes_within(client, 5) is mended
