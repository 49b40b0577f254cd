"""How a stream ends on the wire, and what a `send` does when it has."""

from __future__ import annotations

import contextlib
from typing import Any

import h2.connection
import h2.exceptions
import pytest
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.events import RawData
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.worker_context import WorkerContext
from support.h2c import H2Client
from support.hypercorn_server import serving
from trio.testing import MockClock

from trioproxy.app.hypercorn_fixes.h2 import MendedH2Protocol
from trioproxy.app.hypercorn_fixes.inbox import MendedTaskGroup

START = {"type": "http.response.start", "status": 200, "headers": []}


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


@pytest.mark.parametrize("mended", [True, False])
async def test_the_end_of_the_last_stream_comes_before_goaway(clock: MockClock, mended: bool) -> None:
    """Also when the socket is blocked at the last bytes: here its place is taken by a gate."""
    gate = trio.Event()
    peer = h2.connection.H2Connection()
    context = WorkerContext(None)
    ended: list[str] = []

    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await context.terminated.set()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"the last bytes", "more_body": False})

    async def write(event: Any) -> None:
        if isinstance(event, RawData):
            if b"the last bytes" in event.data:
                await gate.wait()
            with contextlib.suppress(h2.exceptions.ProtocolError):  # END_STREAM after GOAWAY is too late
                ended.extend(type(event).__name__ for event in peer.receive_data(event.data))

    protocol_class, group_class = (MendedH2Protocol, MendedTaskGroup) if mended else (H2Protocol, TaskGroup)
    peer.initiate_connection()
    peer.send_headers(
        1, [(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", "x")], end_stream=True
    )
    with trio.move_on_after(10):
        async with group_class() as tasks:
            protocol = protocol_class(ASGIWrapper(respond), Config(), context, tasks, {}, False, None, None, write)
            await protocol.initiate()
            await protocol.handle(RawData(peer.data_to_send()))
            await trio.sleep(1)
            gate.set()
            await trio.sleep_forever()
    assert ("StreamEnded" in ended) is mended
    assert "ConnectionTerminated" in ended


async def test_there_is_room_for_as_many_streams_as_are_allowed(clock: MockClock) -> None:
    protocol = MendedH2Protocol(None, Config(), WorkerContext(None), None, {}, False, None, None, None)
    for stream_id in range(1, 4001, 2):
        protocol.open_buffer(stream_id)
    assert len(protocol.stream_buffers) == 2000


async def test_h2_trailers_are_an_end(clock: MockClock) -> None:
    async def with_trailers(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "trailers": True})
        await send(part(b"body", more=False))
        await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": False})

    async with serving(with_trailers) as served, await H2Client.connect(served.port) as client:
        reply = await client.reply(await client.request("GET", "/", [(b"te", b"trailers")]))
        assert (reply.complete, reply.body, reply.header(b"x-sum")) == (True, b"body", b"1")
        reply = await client.reply(await client.request("GET", "/"))
        assert (reply.complete, reply.body, reply.header(b"x-sum")) == (True, b"body", None)


@pytest.mark.parametrize("mended", [True, False])
async def test_h2_loop_of_sends_after_a_reset_lets_others_run(clock: MockClock, mended: bool) -> None:
    turns = 0
    other_ran_at: list[int] = []

    async def deaf(scope: Any, receive: Any, send: Any) -> None:
        nonlocal turns
        await send(START)
        await receive()
        while (await receive())["type"] != "http.disconnect":
            pass
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            while turns < 1000:
                turns += 1
                await send(part(b"x"))

    async def other() -> None:
        other_ran_at.append(turns)

    async with serving(deaf, mended=mended) as served, await H2Client.connect(served.port) as client:
        stream_id = await client.request()
        await client.head(stream_id)
        await client.rst_stream(stream_id)
        await trio.sleep(1)
        assert turns == 1000
        assert (other_ran_at[0] < 1000) is mended
