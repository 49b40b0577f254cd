"""A cancellation closes the connection, in every phase, and leaves nothing behind."""

from __future__ import annotations

import random
import socket
import ssl
from collections.abc import Callable

import pytest
import trio
from support.calls import Notes, call, plan_for
from support.raw_upstream import Peer, RawUpstream, Script, Scripted

from trioproxy.lab.script import Script as Story
from trioproxy.lab.script import Silence, Take
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.rules.lifecycle import Phase
from trioproxy.sockets import Departure
from trioproxy.sources.upstream import Upstream

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def silent(peer: Peer) -> None:
    """Takes the head of a request and says nothing."""
    await peer.head()
    await peer.until_gone()


async def cancel_in(phase: Phase, source: Upstream, upstream: RawUpstream, body: bytes, ca_file: str | None) -> None:
    notes = Notes()
    async with trio.open_nursery() as nursery:

        async def one() -> None:
            async with source.open(plan_for(upstream.url, body, ca_file=ca_file), notes) as answer:
                while await answer.receive():
                    pass

        nursery.start_soon(one)
        await notes.entered(phase)
        await upstream.peer(0)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert notes.phases[-1] == phase
        nursery.cancel_scope.cancel()


async def begins(peer: Peer) -> None:
    await peer.head()
    await peer.send(CHUNKED + b"2\r\nhi\r\n")
    await peer.until_gone()


async def reads_nothing(peer: Peer) -> None:
    if isinstance(peer.stream, trio.SSLStream):
        await peer.stream.do_handshake()
    await peer.reading.wait()
    await peer.until_gone()


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize(
    ("phase", "script", "size"),
    [
        (Phase.SENDING, reads_nothing, 20 << 20),
        (Phase.WAITING, silent, 5),
        (Phase.STREAMING, begins, 5),
    ],
)
async def test_a_cancellation_closes_the_connection(
    encrypted: bool,
    phase: Phase,
    script: Script,
    size: int,
    scripted: Scripted,
    source: Upstream,
    server_tls: Callable[..., ssl.SSLContext],
    ca_file: str,
) -> None:
    upstream = await scripted(script, tls=server_tls("127.0.0.1") if encrypted else None)
    await cancel_in(phase, source, upstream, bytes(size), ca_file)
    upstream.peers[0].reading.set()
    await upstream.peers[0].gone.wait()


async def test_a_cancellation_in_the_tls_handshake(scripted: Scripted, source: Upstream) -> None:
    async def script(peer: Peer) -> None:
        await peer.more()  # the ClientHello
        await peer.until_gone()

    upstream = await scripted(script)
    upstream.url = upstream.url.replace("http:", "https:")
    await cancel_in(Phase.CONNECTING, source, upstream, b"", None)
    await upstream.peers[0].gone.wait()


async def test_a_cancellation_while_waiting_for_permission(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(silent)
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call, source, plan_for(upstream.url), Notes(trio.Event()))
            await upstream.peer(0)
            await trio.testing.wait_all_tasks_blocked(0.01)
            scope.cancel()
    await upstream.peers[0].gone.wait()


async def test_a_cancellation_while_tcp_connects(source: Upstream, open_sockets: Callable[[], int]) -> None:
    """A listener whose queue is full leaves further connects without an answer."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        queue = [socket.socket() for _ in range(4)]
        for sock in queue:
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        before = open_sockets()
        with trio.move_on_after(0.05) as scope:
            await call(source, plan_for(f"http://127.0.0.1:{listener.getsockname()[1]}"))
        assert scope.cancelled_caught
        assert open_sockets() == before
        for sock in queue:
            sock.close()


async def test_three_hundred_cancellations_leave_nothing_open(
    scripted: Scripted, source: Upstream, open_sockets: Callable[[], int]
) -> None:
    async def script(peer: Peer) -> None:
        while head := await peer.head():
            await peer.body(300_000 if b"300000" in head else 5)
            await peer.send(CHUNKED)
            for _ in range(5):
                await trio.lowlevel.checkpoint()
                await peer.send(b"2\r\nhi\r\n")
            await peer.send(b"0\r\n\r\n")

    upstream = await scripted(script)
    await call(source, plan_for(upstream.url, b"hello"))
    await source.aclose()
    await upstream.peers[0].gone.wait()
    before = open_sockets()
    chance = random.Random(7)
    whole = 0
    async with Upstream() as fresh:

        async def one(ticks: int, size: int) -> None:
            nonlocal whole
            with trio.CancelScope() as scope:

                async def end() -> None:
                    for _ in range(ticks):
                        await trio.lowlevel.checkpoint()
                    scope.cancel()

                async with trio.open_nursery() as nursery:
                    nursery.start_soon(end)
                    await call(fresh, plan_for(upstream.url, bytes(size)))
                    whole += 1
                    nursery.cancel_scope.cancel()

        for _ in range(15):
            async with trio.open_nursery() as nursery:
                for _ in range(20):
                    nursery.start_soon(one, chance.randrange(60), chance.choice([5, 5, 300_000]))
        assert 0 < whole < 300
        _, body = await call(fresh, plan_for(upstream.url, b"hello"))
        assert body == b"hi" * 5
    for peer in upstream.peers:
        await peer.gone.wait()
    while any(peer.tcp.socket.fileno() != -1 for peer in upstream.peers):
        await trio.lowlevel.checkpoint()
    assert open_sockets() == before


async def test_an_upstream_that_does_not_read_is_told_all_the_same() -> None:
    """A FIN would wait behind the bytes that it does not take."""
    story = Story.of(Silence(), take=Take.NOTHING)
    async with ScriptedUpstream(story) as scripted, Upstream() as upstream:
        with trio.move_on_after(10) as scope:
            async with trio.open_nursery() as nursery:

                async def send() -> None:
                    async with upstream.open(plan_for(scripted.url, body=bytes(16_000_000)), Notes()):
                        pass

                nursery.start_soon(send)
                await scripted.wait_received(1)
                await trio.testing.wait_all_tasks_blocked(0.05)
                nursery.cancel_scope.cancel()
        assert not scope.cancelled_caught
        [received] = await scripted.wait_left(1)

    assert received.left_by is Departure.RST
