from __future__ import annotations

import contextlib
import gc
import sys
import weakref
from collections.abc import AsyncIterator

import httpx
import pytest
import trio
from support.calls import Notes, call, plan_for
from support.raw_upstream import OK, Peer, Scripted, answering

from trioproxy.model import Plan
from trioproxy.sources.upstream import Upstream


async def test_no_cookie_is_kept(scripted: Scripted, source: Upstream) -> None:
    heads = []

    async def script(peer: Peer) -> None:
        while head := await peer.head():
            heads.append(head)
            await peer.send(b"HTTP/1.1 200 OK\r\nSet-Cookie: of=alice; Path=/\r\nContent-Length: 2\r\n\r\nhi")

    upstream = await scripted(script)
    head, _ = await call(source, plan_for(upstream.url))
    assert head.header(b"set-cookie") == b"of=alice; Path=/"
    await call(source, plan_for(upstream.url))
    assert len(heads) == 2
    assert heads[0] == heads[1]
    assert not source._client.cookies


async def test_nothing_is_taken_from_the_url_or_the_environment(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = []

    async def script(peer: Peer) -> None:
        heads.append(await peer.head())
        await peer.send(OK)

    upstream = await scripted(script)
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with Upstream() as source:
        await call(source, plan_for(upstream.url.replace("//", "//user:secret@") + "/base?x=y", target=b"*"))
    assert heads == [b"POST * HTTP/1.1\r\nhost: upstream\r\n\r\n"]


@pytest.mark.parametrize("size", [1000, 1_000_000])
async def test_the_body_is_let_go_once_it_is_sent(size: int, scripted: Scripted, source: Upstream) -> None:
    upstream = await scripted(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nh"))
    body = b"x" * size
    plan = plan_for(upstream.url, body)
    before = sys.getrefcount(body)
    async with source.open(plan, Notes()) as answer:
        del plan
        assert await answer.receive() == b"h"
        gc.collect()
        assert sys.getrefcount(body) == before - 1, "only this test still has it"


async def test_it_is_let_go_while_the_head_is_awaited(scripted: Scripted, source: Upstream) -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.body(1_000_000)
        await proceed.wait()
        await peer.send(OK)

    proceed = trio.Event()
    upstream = await scripted(script)
    body = b"x" * 1_000_000
    before = sys.getrefcount(body)

    async def one() -> None:
        async with source.open(plan_for(upstream.url, body), Notes()):
            pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(one)
        await upstream.peer(0)
        await trio.testing.wait_all_tasks_blocked(0.01)
        gc.collect()
        assert sys.getrefcount(body) == before
        proceed.set()


async def test_an_open_answer_keeps_neither_request_nor_stream_alive(scripted: Scripted, source: Upstream) -> None:
    class Chunks:
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"x"

    async def script(peer: Peer) -> None:
        await peer.head()
        while b"0\r\n\r\n" not in peer.received:
            await peer.more()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nh")
        await peer.until_gone()

    def heavy() -> list[object]:
        return [thing for thing in gc.get_objects() if isinstance(thing, (httpx.Request, httpx.Response, Plan))]

    gc.collect()
    others = heavy()  # left by other tests, in what these raised
    upstream = await scripted(script)
    chunks = Chunks()
    gone = weakref.ref(chunks)
    plan = plan_for(upstream.url, chunks)
    del chunks
    async with source.open(plan, Notes()) as answer:
        del plan
        gc.collect()
        assert gone() is None
        assert all(any(thing is other for other in others) for thing in heavy())
        assert await answer.receive() == b"h"


async def test_a_failed_upload_is_gone_with_its_error(scripted: Scripted, source: Upstream) -> None:
    class Chunks:
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"x"
            raise ZeroDivisionError

    upstream = await scripted(Peer.until_gone)
    gc.collect()
    gc.disable()
    try:
        chunks = Chunks()
        gone = weakref.ref(chunks)
        plan = plan_for(upstream.url, chunks)
        del chunks
        with contextlib.suppress(ZeroDivisionError):
            await call(source, plan)
        del plan
        assert gone() is None
    finally:
        gc.enable()


async def test_a_call_leaves_no_cycles_behind(scripted: Scripted, source: Upstream) -> None:
    """What a call made is gone when it ends, not when the collector comes."""
    upstream = await scripted(answering(OK, OK, OK))
    await call(source, plan_for(upstream.url))
    gc.collect()
    gc.disable()
    try:
        await call(source, plan_for(upstream.url, bytes(100_000)))
        kinds = [type(thing).__module__ for thing in gc.get_objects()]
    finally:
        gc.enable()
    assert "trioproxy.sources.outgoing" not in kinds
    assert "trioproxy.sources.answer" not in kinds
    assert not [kind for kind in kinds if kind.startswith("httpx._models")]
