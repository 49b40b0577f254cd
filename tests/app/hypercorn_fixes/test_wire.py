"""Writes that finish, or end the connection; over a real pair of sockets."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from hypercorn.trio.worker_context import WorkerContext
from trio.testing import MockClock

from trioproxy.app.hypercorn_fixes.patience import ClientStalled, Patience, set_stalled_client_timeout
from trioproxy.app.hypercorn_fixes.wire import Wire

MORE_THAN_FITS = bytes(2**24)


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Wire, trio.SocketStream]]:
    """A wire and its peer, over loopback TCP."""
    set_stalled_client_timeout(30)
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    peer = await trio.open_tcp_stream("127.0.0.1", listener.socket.getsockname()[1])
    accepted = await listener.accept()
    wire = Wire(accepted, Patience(WorkerContext(None), 5))
    async with listener, peer, wire:
        yield wire, peer


async def read_all(peer: trio.SocketStream, count: int) -> bytes:
    received = bytearray()
    while len(received) < count:
        received += await peer.receive_some(2**20)
    return bytes(received)


async def test_all_bytes_arrive_in_order(clock: MockClock) -> None:
    data = bytes(range(256)) * 2**14
    async with connected() as (wire, peer), trio.open_nursery() as nursery:
        nursery.start_soon(wire.send_all, data)
        assert await read_all(peer, len(data)) == data


async def test_a_cancelled_write_is_finished(clock: MockClock) -> None:
    async with connected() as (wire, peer), trio.open_nursery() as nursery:

        async def write() -> None:
            with trio.CancelScope() as scope:
                scope.cancel()
                await wire.send_all(MORE_THAN_FITS)
                await trio.lowlevel.checkpoint()
            assert scope.cancelled_caught

        nursery.start_soon(write)
        assert len(await read_all(peer, len(MORE_THAN_FITS))) == len(MORE_THAN_FITS)


async def test_a_peer_that_does_not_read_is_reset(clock: MockClock) -> None:
    async with connected() as (wire, peer):
        with pytest.raises(ClientStalled):
            await wire.send_all(MORE_THAN_FITS)
        assert wire.stalled
        assert wire.lost
        assert not wire.blocked
        with pytest.raises(trio.BrokenResourceError):
            await read_all(peer, len(MORE_THAN_FITS))
        with pytest.raises(trio.ClosedResourceError):
            await wire.send_all(b"x")


async def test_a_reset_ends_a_blocked_write_at_once(clock: MockClock) -> None:
    async with connected() as (wire, _), trio.open_nursery() as nursery:

        async def write() -> None:
            with pytest.raises(trio.ClosedResourceError):
                await wire.send_all(MORE_THAN_FITS)

        nursery.start_soon(write)
        await trio.sleep(1)
        assert wire.blocked
        began = trio.current_time()
        wire.reset()
        wire.reset()
        nursery.cancel_scope.shield = True
    assert trio.current_time() - began < 1


async def test_a_peer_that_is_gone(clock: MockClock) -> None:
    async with connected() as (wire, peer):
        await peer.aclose()
        with pytest.raises(trio.BrokenResourceError):
            await wire.send_all(MORE_THAN_FITS)
        assert not wire.stalled


async def test_the_rest_of_a_stream(clock: MockClock) -> None:
    async with connected() as (wire, peer):
        await peer.send_all(b"hello")
        assert await wire.receive_some() == b"hello"
        await wire.wait_send_all_might_not_block()
        await wire.send_eof()
        assert await peer.receive_some() == b""
        assert wire.socket.family == socket.AF_INET
