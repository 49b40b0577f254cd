"""What one client sends must not end anybody else's stream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import h2.settings
import pytest
import trio
from hyperframe.frame import PriorityFrame
from support.h1 import H1Client
from support.h2c import H2Client
from support.hypercorn_server import Served, happens, serving

Attack = Callable[[int], Awaitable[None]]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """/slow: a stream without an end; a websocket: accepted; else: answers at once, without reading the body."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/slow":
        while (await receive())["type"] != "http.disconnect":
            await send({"type": "http.response.body", "body": b"tick", "more_body": True})
        return
    await send({"type": "http.response.body", "body": b"ok", "more_body": False})


async def _answered_then_data(port: int) -> None:
    async with await H2Client.connect(port) as client:
        stream_id = await client.request("POST", "/", body=b"a", end=False)
        await client.reply(stream_id)
        await client.data(stream_id, b"late" * 1000, end=True)
        other = await client.request("GET", "/")
        assert (await client.reply(other)).body == b"ok"


async def _priority_flood(port: int) -> None:
    async with await H2Client.connect(port) as client:
        frames = [PriorityFrame(sid, depends_on=0, stream_weight=5).serialize() for sid in range(1, 2401, 2)]
        await client.stream.send_all(b"".join(frames))
        other = await client.request("GET", "/")
        assert (await client.reply(other)).body == b"ok"


async def _circular_priority(port: int) -> None:
    async with await H2Client.connect(port) as client:
        await client.stream.send_all(
            PriorityFrame(1, depends_on=3).serialize() + PriorityFrame(3, depends_on=1).serialize()
        )
        other = await client.request("GET", "/")
        assert (await client.reply(other)).body == b"ok"


async def _path_not_ascii(port: int) -> None:
    async with await H2Client.connect(port) as client:
        assert (await client.reply(await client.request("GET", b"/caf\xc3\xa9"))).status == 400
        assert (await client.reply(await client.request("GET", "/"))).body == b"ok"


async def _connect_without_path(port: int) -> None:
    async with await H2Client.connect(port) as client:
        stream_id = client.connection.get_next_available_stream_id()
        client.connection.send_headers(stream_id, [(b":method", b"CONNECT"), (b":authority", b"x:443")])
        await client.flush()
        assert (await client.reply(await client.request("GET", "/"))).body == b"ok"


UPGRADE = (
    b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def _byte_after_upgrade(port: int) -> None:
    async with await H1Client.connect(port) as client:
        client.expect()
        await client.send(UPGRADE + b"x")
        assert (await client.head()).status == 400
        await client.wait_closed()


async def _garbage_after_accept(port: int) -> None:
    async with await H1Client.connect(port) as client:
        await client.send(UPGRADE)
        await client.stream.receive_some()
        await client.send(b"\xff" * 64)
        await client.wait_closed()


async def _bad_h2c_settings(port: int) -> None:
    async with await H1Client.connect(port) as client:
        await client.send(
            b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\n"
            b"http2-settings: AAM\r\n\r\n"
        )
        await client.wait_closed()


async def _settings_then_nothing(port: int) -> None:
    async with await H2Client.connect(port) as client:
        client.connection.update_settings({h2.settings.SettingCodes.HEADER_TABLE_SIZE: 0})
        await client.flush()
        assert (await client.reply(await client.request("GET", "/"))).body == b"ok"


KILLERS = [_answered_then_data, _priority_flood, _path_not_ascii, _connect_without_path, _byte_after_upgrade]
HARMLESS = [_circular_priority, _garbage_after_accept, _bad_h2c_settings, _settings_then_nothing]


async def _survives(attack: Attack, served: Served) -> bool:
    """Whether a stream of somebody else outlives the attack."""
    async with await H2Client.connect(served.port) as innocent:
        stream_id = await innocent.request("POST", "/slow", end=False)
        await innocent.head(stream_id)
        try:
            with trio.fail_after(3):
                await attack(served.port)
        except (AssertionError, trio.TooSlowError):  # it got no answer of its own: only to be expected of a dead server
            if not await happens(served.gone, within_s=1):
                raise
        await innocent.data(stream_id, b"more")
        with trio.move_on_after(2):
            await innocent.body(stream_id, 4)
        return bool(innocent.replies[stream_id].body) and not innocent.ended and served.died is None


@pytest.mark.parametrize("attack", KILLERS + HARMLESS)
async def test_nobody_else_is_harmed(attack: Attack) -> None:
    async with serving(app) as served:
        assert await _survives(attack, served)
    assert served.log == []


@pytest.mark.parametrize("attack", KILLERS)
async def test_as_delivered_the_server_dies(attack: Attack) -> None:
    async with serving(app, mended=False) as served:
        assert not await _survives(attack, served)


async def test_a_fault_of_ours_is_one_line_and_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    from trioproxy.app.hypercorn_fixes.h2 import MendedH2Protocol

    async def broken(self: Any, event: Any) -> None:
        raise KeyError("a bug\nof ours")

    async with serving(app) as served:
        async with await H2Client.connect(served.port) as innocent:
            stream_id = await innocent.request("POST", "/slow", end=False)
            await innocent.head(stream_id)
            async with await H2Client.connect(served.port) as victim:
                streams = [await victim.request("POST", "/slow", end=False) for _ in range(3)]
                await victim.head(streams[-1])
                monkeypatch.setattr(MendedH2Protocol, "_handle_data", broken)
                await victim.data(streams[0], b"x")
                with trio.fail_after(3):
                    await victim.wait_closed()
            monkeypatch.undo()
            await innocent.data(stream_id, b"more")
            assert (await innocent.body(stream_id, 4)).body == b"tick"
        served.stop.set()
        assert await happens(served.gone)
    assert served.died is None
    assert len(served.log) == 1
    assert "KeyError" in served.log[0]
    assert "\n" not in served.log[0]
