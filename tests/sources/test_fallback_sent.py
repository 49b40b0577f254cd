"""A request that was sent is never sent again: what an upstream has seen, counted over real sockets."""

from __future__ import annotations

import random
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest
import trio
from support.calls import Notes, call, plan_for
from support.raw_upstream import OK, Peer, Script, Scripted, answering, closing, length_of

from trioproxy.errors import UpstreamClosed
from trioproxy.lab.script import Action, Chunk, Close, End, Head, Reset
from trioproxy.lab.script import Script as Story
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.upstream import Upstream


def drops_the_second(answer: bytes = b"", *, reset: bool = False) -> Script:
    """Serves one request; takes the head of the next one, says `answer` and is gone."""

    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.send(OK)
        assert await peer.head(), "the connection was used again"
        await peer.send(answer)
        if reset:
            peer.reset()

    return script


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(("method", "size"), [("GET", None), ("POST", 5), ("POST", 300_000), ("PUT", 0)])
async def test_one_that_a_reused_connection_took_is_not_sent_again(
    method: str,
    size: int | None,
    reset: bool,
    encrypted: bool,
    scripted: Scripted,
    source: Upstream,
    server_tls: Callable[..., ssl.SSLContext],
    ca_file: str,
) -> None:
    tls = server_tls("127.0.0.1") if encrypted else None
    upstream = await scripted(drops_the_second(reset=reset), answering(OK), tls=tls)
    body = None if size is None else bytes(size)
    await call(source, plan_for(upstream.url, method=method, ca_file=ca_file))
    notes = Notes()
    with pytest.raises(UpstreamClosed):
        await call(source, plan_for(upstream.url, body, method=method, ca_file=ca_file), notes)
    assert len(upstream.peers) == 1
    assert notes.phases.count(Phase.CONNECTING) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("ending", [Close(), Reset()])
async def test_a_scripted_upstream_sees_it_once(method: str, ending: Action) -> None:
    whole = Story.of(Head(), Chunk(b"hi"), End())
    stories = [whole, Story.of(ending), whole]
    async with ScriptedUpstream(stories) as upstream, Upstream() as source:
        await call(source, plan_for(upstream.url, method=method))
        with pytest.raises(UpstreamClosed):
            await call(source, plan_for(upstream.url, method=method, target=b"/failing"))
        await call(source, plan_for(upstream.url, method=method))
        assert [seen.target for seen in upstream.requests] == ["/v1/messages", "/failing", "/v1/messages"]
        assert [seen.connection.number for seen in upstream.requests] == [1, 1, 2]


async def test_a_fin_that_comes_after_the_last_look_is_met_by_a_request_that_was_sent(
    scripted: Scripted, source: Upstream
) -> None:
    """The one case that a repetition used to hide. It did no harm here, but nobody on this side can know that."""

    class Late(Notes):
        def enter(self, phase: Phase) -> None:
            super().enter(phase)
            if phase is Phase.SENDING:
                upstream.peers[0].close()

    upstream = await scripted(answering(OK), answering(OK))
    await call(source, plan_for(upstream.url))
    with pytest.raises(UpstreamClosed):
        await call(source, plan_for(upstream.url, b"hello"), Late())
    assert len(upstream.peers) == 1
    _, body = await call(source, plan_for(upstream.url, b"hello"))
    assert body == b"hi"


@pytest.mark.parametrize("answer", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n", b"garbage\r\n\r\n"])
async def test_not_after_a_part_of_an_answer_either(answer: bytes, scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(drops_the_second(answer), answering(OK))
    await call(source, plan_for(upstream.url))
    with pytest.raises(UpstreamClosed):
        await call(source, plan_for(upstream.url))
    assert len(upstream.peers) == 1


async def test_a_stream_is_begun_once(scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(drops_the_second(), answering(OK))
    begun = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal begun
        begun += 1
        yield b"once"

    await call(source, plan_for(upstream.url))
    with pytest.raises(UpstreamClosed):
        await call(source, plan_for(upstream.url, body()))
    assert (begun, len(upstream.peers)) == (1, 1)


async def test_a_fresh_connection_gets_no_second_chance(scripted: Scripted, source: Upstream) -> None:
    """Whether it was dropped after the request, or so early that nothing was sent."""

    class Early(Notes):
        def enter(self, phase: Phase) -> None:
            super().enter(phase)
            if phase is Phase.SENDING:
                upstream.peers[0].reset()

    for script, notes in ((closing(b""), Notes()), (answering(OK), Early())):
        upstream = await scripted(script, answering(OK))
        with pytest.raises(UpstreamClosed):
            await call(source, plan_for(upstream.url), notes)
        assert len(upstream.peers) == 1


@pytest.mark.parametrize("encrypted", [False, True])
async def test_whatever_happens_no_request_is_seen_twice(
    encrypted: bool,
    scripted: Scripted,
    server_tls: Callable[..., ssl.SSLContext],
    ca_file: str,
    open_sockets: Callable[[], int],
) -> None:
    """An upstream that drops its connections at any point, and clients of whom some leave at any point."""
    chance = random.Random(11)
    seen: Counter[bytes] = Counter()

    async def moody(peer: Peer) -> None:
        mood = ""
        while head := await peer.head():
            seen[head.split()[1]] += 1
            mood = chance.choice(["close", "reset", "reset after the body", "answer", "answer, close", "answer, reset"])
            if mood in ("close", "reset"):
                break
            await peer.body(length_of(head))
            if mood.startswith("answer"):
                await peer.send(OK)
            if mood != "answer":
                break
        if "reset" in mood:
            peer.reset()

    tls = server_tls("127.0.0.1") if encrypted else None
    upstream = await scripted(moody, tls=tls)
    before = open_sockets()
    whole: set[bytes] = set()
    broken = 0

    async def one(source: Upstream, number: int) -> None:
        nonlocal broken
        target, size = b"/%d" % number, chance.choice([None, 5, 300_000])
        body = None if size is None else bytes(size)
        plan = plan_for(upstream.url, body, method="POST" if body else "GET", target=target, ca_file=ca_file)
        patience = chance.choice([0.002, 60, 60, 60])
        try:
            with trio.move_on_after(patience):
                await call(source, plan)
                whole.add(target)
        except UpstreamClosed:
            broken += 1

    async with Upstream() as source:
        for start in range(0, 200, 10):
            async with trio.open_nursery() as nursery:
                for number in range(start, start + 10):
                    nursery.start_soon(one, source, number)
    assert set(seen.values()) == {1}
    assert whole <= set(seen)
    assert len(whole) > 50
    assert broken > 20
    while any(peer.tcp.socket.fileno() != -1 for peer in upstream.peers):
        await trio.lowlevel.checkpoint()
    assert open_sockets() == before
