"""What counts as sent: whatever the kernel has taken, whole or in part."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from support.calls import Notes, call, plan_for
from support.raw_upstream import OK, Peer, Scripted, answering

from trioproxy.errors import UpstreamClosed
from trioproxy.sources.connection import NothingSent
from trioproxy.sources.dialing import Origin, Trust, dial
from trioproxy.sources.http1 import Http1Connection
from trioproxy.sources.line import Line
from trioproxy.sources.outgoing import Outgoing
from trioproxy.sources.upstream import Upstream

BIG = bytes(20 << 20)


class Tired:
    """A line that answers what it has taken whole, takes `last_bytes` of the next write, and is reset."""

    def __init__(self, last_bytes: int) -> None:
        self.taken_bytes = 0
        self.fresh = True
        self._last_bytes = last_bytes

    async def send(self, data: bytes | memoryview) -> bool:
        await trio.lowlevel.checkpoint()
        self.taken_bytes += len(data) if self.fresh else min(self._last_bytes, len(data) - 1)
        return self.fresh

    async def receive(self) -> bytes:
        await trio.lowlevel.checkpoint()
        if self.fresh:
            return OK
        raise trio.BrokenResourceError("reset")

    def stop_sending(self) -> None:
        pass

    def dropped(self) -> bool:
        return False

    def close(self) -> None:
        pass


@given(st.integers(0, 3), st.sampled_from([None, b"hello", bytes(70_000)]))
def test_one_byte_of_a_write_that_fails_is_a_request_that_was_sent(last_bytes: int, body: bytes | None) -> None:
    async def play() -> None:
        line = Tired(last_bytes)
        connection = Http1Connection(line, "upstream", lambda connection: idle.append(connection))
        idle: list[Http1Connection] = []
        answer = await connection.exchange(Outgoing("POST", b"/", ((b"host", b"h"),), None), Notes())
        assert await answer.receive() == b"hi"
        assert idle == [connection]
        line.fresh = False
        with pytest.raises(UpstreamClosed) as caught:
            await connection.exchange(Outgoing("POST", b"/", ((b"host", b"h"),), body), Notes())
        assert isinstance(caught.value, NothingSent) is (last_bytes == 0)

    trio.run(play)


async def test_a_connection_that_is_new_never_says_that_nothing_was_sent() -> None:
    line = Tired(0)
    line.fresh = False
    connection = Http1Connection(line, "upstream", lambda connection: None)
    with pytest.raises(UpstreamClosed) as caught:
        await connection.exchange(Outgoing("GET", b"/", ((b"host", b"h"),), None), Notes())
    assert type(caught.value) is UpstreamClosed


async def connected(scripted: Scripted, tls: ssl.SSLContext | None, ca_file: str) -> tuple[Line, Peer]:
    async def script(peer: Peer) -> None:
        await peer.body(4)
        await trio.sleep_forever()

    upstream = await scripted(script, tls=tls)
    line = await dial(Origin(tls is not None, "127.0.0.1", upstream.port, ca_file), Trust())
    return line, await upstream.peer(0)


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_line_counts_what_the_kernel_takes(
    encrypted: bool, scripted: Scripted, server_tls: Callable[..., ssl.SSLContext], ca_file: str
) -> None:
    line, peer = await connected(scripted, server_tls("127.0.0.1") if encrypted else None, ca_file)
    before = line.taken_bytes
    assert (before > 0) is encrypted, "a handshake is bytes, too"
    assert await line.send(b"once")
    once = line.taken_bytes - before
    assert once > 4 if encrypted else once == 4
    results = []

    async def send() -> None:
        results.append(await line.send(BIG))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        await trio.testing.wait_all_tasks_blocked(0.01)  # until there is no more room
        peer.reset()
    taken = line.taken_bytes - before - once
    assert results == [False]
    assert 0 < taken < len(BIG)
    assert not await line.send(b"more")
    assert line.taken_bytes - before - once == taken, "nothing was taken any more"
    line.close()


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_write_in_many_parts_is_counted_whole(
    encrypted: bool, scripted: Scripted, server_tls: Callable[..., ssl.SSLContext], ca_file: str
) -> None:
    upstream = await scripted(Peer.until_gone, tls=server_tls("127.0.0.1") if encrypted else None)
    line = await dial(Origin(encrypted, "127.0.0.1", upstream.port, ca_file), Trust())
    before = line.taken_bytes
    assert await line.send(BIG)
    taken = line.taken_bytes - before
    assert len(BIG) < taken < len(BIG) * 1.01 if encrypted else taken == len(BIG)
    line.close()


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_cancelled_write_counts_what_it_had_sent(
    encrypted: bool, scripted: Scripted, server_tls: Callable[..., ssl.SSLContext], ca_file: str
) -> None:
    line, _ = await connected(scripted, server_tls("127.0.0.1") if encrypted else None, ca_file)
    before = line.taken_bytes
    async with trio.open_nursery() as nursery:
        nursery.start_soon(line.send, BIG)
        await trio.testing.wait_all_tasks_blocked(0.01)
        nursery.cancel_scope.cancel()
    assert 0 < line.taken_bytes - before < len(BIG)
    line.close()


async def test_under_tls_words_in_one_segment_with_the_last_answer_condemn_the_connection(
    scripted: Scripted, source: Upstream, server_tls: Callable[..., ssl.SSLContext], ca_file: str
) -> None:
    """They are out of the socket already; the next request must not get them as its answer."""

    async def script(peer: Peer) -> None:
        await peer.head()
        peer.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        await peer.send(OK)
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
        peer.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
        await peer.until_gone()

    upstream = await scripted(script, answering(OK), tls=server_tls("127.0.0.1"))
    await call(source, plan_for(upstream.url, ca_file=ca_file))
    _, body = await call(source, plan_for(upstream.url, ca_file=ca_file))
    assert body == b"hi"
    assert len(upstream.peers) == 2
