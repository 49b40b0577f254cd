"""An answer before the request's end reaches its client, and one unread upload holds up nobody."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import trio
from h2.errors import ErrorCodes
from support.h1 import H1Client, Reply, Truncated
from support.h2c import H2Client
from support.hypercorn_server import client_tls, happens, serving
from trio.testing import MockClock

from trioproxy.app.hypercorn_fixes import connection, h2

BIG = b"x" * 2**23


async def refuses(scope: Any, receive: Any, send: Any) -> None:
    """Answers 413 without receiving anything."""
    if scope["path"] != "/":
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok", "more_body": False})
        return
    await trio.sleep(5)  # meanwhile the body fills every queue
    await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"7")]})
    await send({"type": "http.response.body", "body": b"too big", "more_body": False})


async def upload(client: H1Client) -> Reply | None:
    """All of a big body, then the answer: what many clients do. None if it could not be read."""
    try:
        await client.request("POST", "/", body=BIG)
        return await client.reply()
    except (trio.BrokenResourceError, Truncated):
        return None


@pytest.mark.parametrize("mended", [True, False])
@pytest.mark.parametrize("tls", [True, False])
async def test_h1_answer_is_readable(
    clock: MockClock, mended: bool, tls: bool, tls_files: tuple[str, str, str]
) -> None:
    certificate, context = (tls_files, client_tls(tls_files, "http/1.1")) if tls else (None, None)
    async with (
        serving(refuses, mended=mended, certificate=certificate) as served,
        await H1Client.connect(served.port, tls=context) as client,
    ):
        reply = None
        with trio.move_on_after(100):
            reply = await upload(client)
        assert (reply is not None and (reply.status, reply.body) == (413, b"too big")) is mended
    assert served.log == []


async def test_h1_lingering_ends(clock: MockClock) -> None:
    """A client that never stops sending is left after a moment, by time and by volume."""
    async with serving(refuses) as served, await H1Client.connect(served.port) as client:
        await client.send(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9999999999\r\n\r\n")
        client.expect()
        assert (await client.head()).status == 413
        sent_bytes = 0
        with contextlib.suppress(trio.BrokenResourceError):
            while sent_bytes < 100:
                await client.send(b"x")
                sent_bytes += 1
                await trio.sleep(0.5)
        assert sent_bytes < 4 * connection.LINGER_S


async def test_h1_lingering_is_bounded_by_volume(clock: MockClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LINGER_BYTES", 2**20)
    async with serving(refuses) as served, await H1Client.connect(served.port) as client:
        with pytest.raises(trio.BrokenResourceError):
            await client.request("POST", "/", body=4 * BIG)


async def test_h1_answer_to_a_header_bomb_is_readable(clock: MockClock) -> None:
    async with serving(refuses) as served, await H1Client.connect(served.port) as client:
        bomb = [(b"x-%d" % n, b"y" * 1000) for n in range(500)]
        await client.request("GET", "/", bomb)
        assert (await client.reply()).status == 431
    assert served.log == []


async def test_h2_answer_is_readable_and_the_connection_lives(clock: MockClock) -> None:
    async with serving(refuses) as served, await H2Client.connect(served.port) as client:
        stream_id = await client.request("POST", "/", body=BIG)
        reply = await client.reply(stream_id)
        assert (reply.status, reply.body, reply.complete) == (413, b"too big", True)
        assert (await client.reply(await client.request("GET", "/other"))).body == b"ok"
    assert served.log == []


async def test_h2_client_is_asked_to_stop_in_the_end(clock: MockClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h2, "LINGER_BYTES", 2**20)
    async with serving(refuses) as served, await H2Client.connect(served.port) as client:
        stream_id = await client.request("POST", "/", body=BIG)
        assert client.replies[stream_id].complete
        assert client.replies[stream_id].reset_code == ErrorCodes.NO_ERROR
        assert (await client.reply(await client.request("GET", "/other"))).body == b"ok"


class Deaf:
    """/upload: receives nothing until told to, then all; /tick: a piece for each second."""

    def __init__(self) -> None:
        self.listen = trio.Event()
        self.received_bytes = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/upload":
            await self.listen.wait()
            more = True
            while more:
                message = await receive()
                more = message["more_body"]
                self.received_bytes += len(message["body"])
        else:
            for _ in range(5):
                await trio.sleep(1)
                await send({"type": "http.response.body", "body": b"tick" * 10000, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@pytest.mark.parametrize("mended", [True, False])
async def test_h2_upload_that_nobody_reads_holds_up_nobody(clock: MockClock, mended: bool) -> None:
    """The ticks need window updates, so a reader that waits for the application would never see them."""
    app = Deaf()
    async with serving(app, mended=mended) as served, await H2Client.connect(served.port) as client:
        upload = await client.request("POST", "/upload", end=False)
        ticks = await client.request("GET", "/tick")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.data, upload, BIG)
            with trio.move_on_after(100):
                await client.reply(ticks)
            assert client.replies[ticks].complete is mended
            app.listen.set()
        client.connection.end_stream(upload)
        await client.flush()
        assert (await client.reply(upload)).complete
        assert app.received_bytes == len(BIG)


@pytest.mark.parametrize("leave", ["close", "reset"])
@pytest.mark.parametrize("mended", [True, False])
async def test_h1_leaving_during_an_unread_upload(clock: MockClock, mended: bool, leave: str) -> None:
    """What the queue holds is bounded, so it is seen as soon as the application reads on, or at the next send."""
    told = trio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await trio.sleep(5)
        while (await receive())["type"] != "http.disconnect":
            pass
        told.set()

    async with serving(app, mended=mended) as served, await H1Client.connect(served.port) as client:
        await client.send(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9999999999\r\n\r\n" + b"x" * 2**17)
        await trio.sleep(1)
        getattr(client, leave)()
        assert await happens(told)


async def test_websocket_messages_keep_their_order_and_are_bounded(clock: MockClock) -> None:
    """They are not joined; the reader waits when too many are there, and the disconnect comes last."""
    seen: list[str] = []
    done = trio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await trio.sleep(5)
        while (message := await receive())["type"] == "websocket.receive":
            seen.append(message["text"])
        seen.append(message["type"])
        done.set()

    upgrade = (
        b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    async with serving(app) as served, await H1Client.connect(served.port) as client:
        await client.send(upgrade)
        await client.stream.receive_some()
        for n in range(50):
            await client.send(b"\x81\x83\0\0\0\0%03d" % n)
            await trio.lowlevel.checkpoint()
        await trio.sleep(10)
        client.close()
        assert await happens(done)
    assert seen == [f"{n:03d}" for n in range(50)] + ["websocket.disconnect"]
