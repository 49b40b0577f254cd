"""Nothing was sent: another connection serves the request, and the first one leaves nothing behind."""

from __future__ import annotations

import random
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable

import pytest
import trio
from support.calls import Notes, call, plan_for
from support.raw_upstream import OK, Peer, RawUpstream, Script, Scripted, answering

from trioproxy.errors import UpstreamClosed, UpstreamConnectFailed
from trioproxy.lab.script import Chunk, End, Head
from trioproxy.lab.script import Script as Story
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.upstream import Upstream

ServerTls = Callable[..., ssl.SSLContext]


class JustBefore(Notes):
    """Has the upstream reset its first connections one by one, each between the last look at it and the first write."""

    def __init__(self, upstream: RawUpstream, *numbers: int) -> None:
        super().__init__()
        self._doomed = [upstream.peers[number] for number in numbers]

    def enter(self, phase: Phase) -> None:
        super().enter(phase)
        if phase is Phase.SENDING and self.phases[-2] is not Phase.SENDING and self._doomed:
            self._doomed.pop(0).reset()


async def idle(source: Upstream, upstream: RawUpstream, count: int) -> None:
    """Have `count` idle connections to `upstream`, which is `halting`; the last one is taken first."""

    async def one(number: int) -> None:
        await call(source, plan_for(upstream.url))
        ended[number].set()

    ended = [trio.Event() for _ in range(count)]
    async with trio.open_nursery() as nursery:
        for number in range(count):
            nursery.start_soon(one, number)
            await upstream.peer(number)
        for number in range(count):
            upstream.peers[number].reading.set()
            await ended[number].wait()


def halting(*more: bytes) -> Script:
    """Keeps its first answer until it is let; then as `answering`."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.reading.wait()
        await peer.send(OK)
        await answering(*more)(peer)

    return script


async def stream() -> AsyncIterator[bytes]:
    yield b"on"
    yield b"ce"


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("body", [None, b"hello", random.Random(1).randbytes(300_000), stream])
async def test_an_idle_connection_whose_first_write_fails_is_replaced(
    body: bytes | Callable[[], AsyncIterable[bytes]] | None,
    encrypted: bool,
    scripted: Scripted,
    source: Upstream,
    server_tls: ServerTls,
    ca_file: str,
) -> None:
    received = []
    content = body if body is None or isinstance(body, bytes) else body()
    expected = body if isinstance(body, bytes) else b"" if body is None else b"2\r\non\r\n2\r\nce\r\n0\r\n\r\n"

    async def second(peer: Peer) -> None:
        await peer.head()
        received.append(await peer.body(len(expected)))
        await peer.send(OK)
        await peer.until_gone()

    upstream = await scripted(answering(OK), second, tls=server_tls("127.0.0.1") if encrypted else None)
    await call(source, plan_for(upstream.url, ca_file=ca_file))
    notes = JustBefore(upstream, 0)
    _, answer = await call(source, plan_for(upstream.url, content, ca_file=ca_file), notes)
    assert answer == b"hi"
    assert received == [expected]
    assert upstream.peers[0].received == b""
    assert len(upstream.peers) == 2
    begin = [Phase.CONNECTING, "permission", Phase.SENDING, Phase.CONNECTING, Phase.SENDING]
    assert notes.phases[:5] == begin, "permission is asked for once"


async def test_the_next_one_may_be_idle_too(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(halting(OK))
    await idle(source, upstream, 3)
    assert len(upstream.peers) == 3
    _, body = await call(source, plan_for(upstream.url), JustBefore(upstream, 2, 1))
    assert body == b"hi"
    assert len(upstream.peers) == 3


async def test_after_the_last_idle_one_a_fresh_one_and_no_more(scripted: Scripted, source: Upstream) -> None:
    async def unwilling(peer: Peer) -> None:
        await peer.head()

    upstream = await scripted(*[halting()] * 3, unwilling, answering(OK))
    await idle(source, upstream, 3)
    with pytest.raises(UpstreamClosed):
        await call(source, plan_for(upstream.url), JustBefore(upstream, 2, 1, 0))
    assert len(upstream.peers) == 4


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("farewell", ["FIN", "RST", "words"])
async def test_one_that_is_dropped_while_permission_is_awaited_is_replaced(
    farewell: str, encrypted: bool, scripted: Scripted, source: Upstream, server_tls: ServerTls, ca_file: str
) -> None:
    """Ten times: tasks run in any order."""

    async def first(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        await peer.reading.wait()
        if farewell == "RST":
            peer.reset()
        elif farewell == "words":
            await peer.send(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
            await peer.until_gone()

    async def second(peer: Peer) -> None:
        await peer.head()
        await peer.body(len(b"2\r\non\r\n2\r\nce\r\n0\r\n\r\n"))
        await peer.send(OK)

    for _ in range(10):
        upstream = await scripted(first, second, tls=server_tls("127.0.0.1") if encrypted else None)
        await call(source, plan_for(upstream.url, ca_file=ca_file))
        notes = Notes(permitted := trio.Event())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call, source, plan_for(upstream.url, stream(), ca_file=ca_file), notes)
            await trio.testing.wait_all_tasks_blocked(0.001)
            upstream.peers[0].reading.set()
            await trio.testing.wait_all_tasks_blocked(0.001)
            permitted.set()
        assert len(upstream.peers) == 2
        assert upstream.peers[0].received == b""


async def test_a_scripted_upstream_that_hung_up_sees_it_on_another_connection() -> None:
    stories = [Story.of(Head(), Chunk(b"hi"), End(hang_up=True)), Story.of(Head(), Chunk(b"hi"), End())]
    async with ScriptedUpstream(stories) as upstream, Upstream() as source:
        await call(source, plan_for(upstream.url))
        await trio.testing.wait_all_tasks_blocked(0.01)  # until its FIN is out
        _, body = await call(source, plan_for(upstream.url, b"hello"))
        assert body == b"hi"
        assert [seen.connection.number for seen in upstream.requests] == [1, 2]


async def test_an_upstream_that_is_gone_altogether_was_sent_nothing(source: Upstream) -> None:
    async with trio.open_nursery() as nursery:
        upstream = RawUpstream(answering(OK))
        await nursery.start(upstream.serve)
        await call(source, plan_for(upstream.url))
        nursery.cancel_scope.cancel()
    with pytest.raises(UpstreamConnectFailed):
        await call(source, plan_for(upstream.url, b"hello"))


@pytest.mark.parametrize("phase", [Phase.CONNECTING, Phase.SENDING, Phase.WAITING])
async def test_a_cancellation_on_the_second_connection_leaves_nothing_open(
    phase: Phase,
    scripted: Scripted,
    source: Upstream,
    server_tls: ServerTls,
    ca_file: str,
    open_sockets: Callable[[], int],
) -> None:
    async def second(peer: Peer) -> None:
        if phase is not Phase.CONNECTING:  # else TLS is never agreed on
            await peer.head()
        if phase is Phase.SENDING:
            await peer.reading.wait()
        peer.stream = peer.tcp
        await peer.until_gone()

    upstream = await scripted(answering(OK), second, tls=server_tls("127.0.0.1"))
    before = open_sockets()
    await call(source, plan_for(upstream.url, ca_file=ca_file))
    notes = JustBefore(upstream, 0)
    async with trio.open_nursery() as nursery:
        body = bytes(20 << 20 if phase is Phase.SENDING else 5)
        nursery.start_soon(call, source, plan_for(upstream.url, body, ca_file=ca_file), notes)
        await upstream.peer(1)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert notes.phases[-1] is phase
        assert notes.phases.count(Phase.CONNECTING) == 2
        nursery.cancel_scope.cancel()
    upstream.peers[1].reading.set()
    await upstream.peers[1].gone.wait()
    while any(peer.tcp.socket.fileno() != -1 for peer in upstream.peers):
        await trio.lowlevel.checkpoint()
    assert open_sockets() == before
