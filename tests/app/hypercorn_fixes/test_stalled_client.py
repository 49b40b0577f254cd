"""A client that does not read: ended after its time, and one that reads slowly never is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import trio
from support.h1 import H1Client
from support.h2c import H2Client
from support.hypercorn_server import client_tls, happens, serving
from trio.testing import MockClock

from trioproxy import sockets
from trioproxy.app.hypercorn_fixes import ClientStalled

TINY = 4096
SLOW = 2**16
"""A read large enough that the kernel tells the sender at once, not by its timers."""
CHUNK = b"x" * 2**16
LIMIT_BYTES = 2**26
"""More than any kernel buffers."""


@dataclass
class Firehose:
    """Sends as fast as it is let; one task sends, another waits for the disconnect and then cancels the first."""

    sent_bytes: int = 0
    endings: list[str] = field(default_factory=list)
    started: trio.Event = field(default_factory=trio.Event)
    ended: trio.Event = field(default_factory=trio.Event)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/small":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"ok", "more_body": False})
            return
        self.started.set()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._listen, receive, nursery.cancel_scope)
                await self._send(send)
        except* ClientStalled:
            pass
        finally:
            self.ended.set()

    async def _listen(self, receive: Any, scope: trio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    async def _send(self, send: Any) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while self.sent_bytes < LIMIT_BYTES:
                await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
                self.sent_bytes += len(CHUNK)
            await trio.sleep_forever()
        except BaseException as error:
            self.endings.append(type(error).__name__)
            raise


@pytest.mark.parametrize("mended", [True, False])
@pytest.mark.parametrize("tls", [True, False])
async def test_h1_client_that_does_not_read(
    clock: MockClock, mended: bool, tls: bool, tls_files: tuple[str, str, str]
) -> None:
    app = Firehose()
    certificate = tls_files if tls else None
    context = client_tls(tls_files, "http/1.1") if tls else None
    async with serving(app, mended=mended, certificate=certificate) as served:
        async with await H1Client.connect(served.port, receive_buffer_bytes=TINY, tls=context) as client:
            await client.request()
            assert await happens(app.ended) is mended
            if mended:
                assert app.endings == ["ClientStalled"]
                assert await client.wait_closed() == "reset"
        assert served.log == []


@pytest.mark.parametrize("mended", [True, False])
async def test_h2_window_never_granted(clock: MockClock, mended: bool) -> None:
    app = Firehose()
    async with serving(app, mended=mended) as served, await H2Client.connect(served.port, grant=False) as client:
        stream_id = await client.request()
        await client.body(stream_id, 65535)
        assert await happens(app.ended) is mended
        assert (app.sent_bytes < 2**18) is mended
        if mended:
            reply = await client.reply(stream_id)
            assert (reply.complete, reply.reset_code) == (False, 8)
            assert app.endings == ["ClientStalled"]
            other = await client.request("GET", "/small")
            await client.head(other)
            assert not client.ended
            assert served.log == []


@pytest.mark.parametrize("tls", [True, False])
async def test_h2_client_that_reads_nothing(clock: MockClock, tls: bool, tls_files: tuple[str, str, str]) -> None:
    app = Firehose()
    certificate = tls_files if tls else None
    context = client_tls(tls_files, "h2") if tls else None
    async with serving(app, certificate=certificate) as served:
        async with await H2Client.connect(
            served.port, window_bytes=2**30, receive_buffer_bytes=TINY, tls=context
        ) as client:
            client.connection.increment_flow_control_window(2**30)
            for _ in range(3):
                await client.request()
            await trio.sleep(1000)
            assert app.endings == ["ClientStalled"] * 3
        assert served.log == []


@pytest.mark.parametrize("looks_at_progress", [True, False])
async def test_h1_slow_reader_is_never_cut(
    clock: MockClock, looks_at_progress: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not looks_at_progress:
        monkeypatch.setattr(sockets, "unacknowledged_bytes", lambda sock: 0)
    app = Firehose()
    async with (
        serving(app, stall_s=20) as served,
        await H1Client.connect(served.port, receive_buffer_bytes=SLOW) as client,
    ):
        await client.request()
        for _ in range(12):
            await trio.sleep(10)
            try:
                await client.stream.receive_some(SLOW)
            except trio.BrokenResourceError:
                break
        assert app.ended.is_set() is not looks_at_progress


@pytest.mark.parametrize("step_bytes", [1, 3000])
async def test_h2_slow_reader_is_never_cut(clock: MockClock, step_bytes: int) -> None:
    app = Firehose()
    async with serving(app, stall_s=20) as served, await H2Client.connect(served.port, grant=False) as client:
        stream_id = await client.request()
        await client.body(stream_id, 65535)
        for _ in range(12):
            await trio.sleep(10)
            client.acknowledge(stream_id, step_bytes)
            await client.flush()
        assert not app.ended.is_set()


async def test_h2_slow_socket_is_never_cut(clock: MockClock) -> None:
    """The window is open; only the socket is slow. Its writer waits many limits, and so do all streams."""
    app = Firehose()
    async with (
        serving(app, stall_s=20) as served,
        await H2Client.connect(served.port, window_bytes=2**30, receive_buffer_bytes=SLOW) as client,
    ):
        client.connection.increment_flow_control_window(2**30)
        await client.request()
        await client.request()
        for _ in range(12):
            await trio.sleep(10)
            await client.stream.receive_some(SLOW)
        assert not app.ended.is_set()


@pytest.mark.parametrize("mended", [True, False])
async def test_shutdown_does_not_wait_for_a_stalled_client(clock: MockClock, mended: bool) -> None:
    app = Firehose()
    async with (
        serving(app, mended=mended, stall_s=1000) as served,
        await H1Client.connect(served.port, receive_buffer_bytes=TINY) as client,
    ):
        await client.request()
        await app.started.wait()
        await trio.sleep(1)
        served.stop.set()
        assert await happens(served.gone) is mended
    assert served.died is None


@pytest.mark.parametrize("leave", ["half_close", "reset"])
@pytest.mark.parametrize("mended", [True, False])
async def test_leaving_ends_a_blocked_write(clock: MockClock, leave: str, mended: bool) -> None:
    app = Firehose()
    async with (
        serving(app, mended=mended, stall_s=1000) as served,
        await H1Client.connect(served.port, receive_buffer_bytes=TINY) as client,
    ):
        await client.request()
        await app.started.wait()
        await trio.sleep(1)
        getattr(client, leave)()
        seen = mended or leave == "reset"  # which Hypercorn sees by itself
        assert await happens(app.ended) is seen
    assert served.log == []


async def test_leaving_ends_a_blocked_write_h2(clock: MockClock) -> None:
    app = Firehose()
    async with (
        serving(app, stall_s=1000) as served,
        await H2Client.connect(served.port, window_bytes=2**30, receive_buffer_bytes=TINY) as client,
    ):
        client.connection.increment_flow_control_window(2**30)
        await client.request()
        await app.started.wait()
        await trio.sleep(1)
        await client.goaway()
        assert await happens(app.ended)
    assert served.log == []


async def test_an_application_that_knows_nothing_of_it_writes_no_log(clock: MockClock) -> None:
    ended = trio.Event()

    async def naive(scope: Any, receive: Any, send: Any) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
        finally:
            ended.set()

    async with serving(naive) as served:
        async with await H1Client.connect(served.port, receive_buffer_bytes=TINY) as client:
            await client.request()
            assert await happens(ended)
        async with await H2Client.connect(served.port, grant=False) as client2:
            await client2.reply(await client2.request())
    assert served.log == []
