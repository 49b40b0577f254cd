"""What every source must do, whatever it stands for (`sources/base.py`).

A source joins by a fixture that plays a `Script` to it: parametrise `stage`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
import trio
from support.calls import Notes, call, plan_for
from support.raw_upstream import Peer, Scripted

from trioproxy.errors import UpstreamClosed, UpstreamConnectFailed, UpstreamTruncated
from trioproxy.model import Plan
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.base import Source
from trioproxy.sources.upstream import Upstream


@dataclass
class Stage:
    """A source, a plan for it, and a look behind it: how many of its answers are still being made."""

    source: Source
    plan: Plan
    running: Callable[[], int]


@dataclass
class Scene:
    """What is to be played: a head or none, chunks, and how it ends (`end`, `break`, `silence`, `refuse`)."""

    chunks: tuple[bytes, ...] = (b"one", b"two")
    head: bool = True
    ending: str = "end"


Play = Callable[[Scene], Awaitable[Stage]]


@pytest.fixture(params=["upstream"])
async def play(request: pytest.FixtureRequest, scripted: Scripted, source: Upstream) -> Play:
    return {"upstream": upstream_player(scripted, source)}[request.param]


def upstream_player(scripted: Scripted, source: Upstream) -> Play:
    async def play(scene: Scene) -> Stage:
        async def script(peer: Peer) -> None:
            await peer.head()
            await peer.body(5)
            if scene.head:
                await peer.send(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
            for chunk in scene.chunks:
                await peer.send(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            if scene.ending == "end":
                await peer.send(b"0\r\n\r\n")
            if scene.ending != "break":
                await peer.until_gone()

        upstream = await scripted(script)
        plan = plan_for(upstream.url if scene.ending != "refuse" else "http://127.0.0.1:1", b"hello")
        return Stage(source, plan, lambda: sum(not peer.gone.is_set() for peer in upstream.peers))

    return play


async def settle(stage: Stage) -> None:
    while stage.running():
        await trio.lowlevel.checkpoint()


async def test_a_whole_answer(play: Play) -> None:
    stage = await play(Scene())
    notes = Notes()
    async with stage.source.open(stage.plan, notes) as answer:
        assert answer.head.status == 200
        assert answer.head.header(b"x-a") == b"1"
        assert answer.head.framed
        received = b""
        while chunk := await answer.receive():
            received += chunk
        assert received == b"onetwo"
        assert await answer.receive() == b"", "the end stays the end"
    assert notes.phases.count("permission") == 1


async def test_phases_come_in_their_order(play: Play) -> None:
    stage = await play(Scene())
    notes = Notes()
    await call(stage.source, stage.plan, notes)
    order = [Phase.CONNECTING, "permission", Phase.SENDING, Phase.WAITING, Phase.STREAMING]
    firsts = sorted(order, key=notes.phases.index)
    assert firsts == order


async def test_nothing_is_sent_without_permission(play: Play) -> None:
    stage = await play(Scene())
    notes = Notes(permitted := trio.Event())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(call, stage.source, stage.plan, notes)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert Phase.SENDING not in notes.phases
        assert Phase.STREAMING not in notes.phases
        permitted.set()
    assert notes.phases[-1] == Phase.STREAMING


async def test_no_connection(play: Play) -> None:
    stage = await play(Scene(ending="refuse"))
    notes = Notes()
    with pytest.raises(UpstreamConnectFailed):
        await call(stage.source, stage.plan, notes)
    assert Phase.SENDING not in notes.phases


async def test_broken_before_the_head(play: Play) -> None:
    stage = await play(Scene(head=False, chunks=(), ending="break"))
    with pytest.raises(UpstreamClosed):
        await call(stage.source, stage.plan)


async def test_broken_after_the_head_is_never_an_end(play: Play) -> None:
    stage = await play(Scene(ending="break"))
    received = b""
    async with stage.source.open(stage.plan, Notes()) as answer:
        with pytest.raises(UpstreamTruncated):  # noqa: PT012 (the reads before it may be one or two)
            while chunk := await answer.receive():
                received += chunk
        assert received == b"onetwo"
        with pytest.raises(UpstreamTruncated):
            await answer.receive()


@pytest.mark.parametrize("scene", [Scene(head=False, chunks=(), ending="silence"), Scene(ending="silence")])
async def test_a_cancellation_is_passed_on_and_nothing_runs_on(play: Play, scene: Scene) -> None:
    stage = await play(scene)
    with trio.CancelScope() as scope:

        async def leave() -> None:
            await trio.testing.wait_all_tasks_blocked(0.01)
            scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(leave)
            await call(stage.source, stage.plan)
    assert scope.cancelled_caught
    await settle(stage)


async def test_leaving_the_block_needs_no_checkpoint(play: Play) -> None:
    """A cancelled relay leaves it, too: whatever waited there would not happen."""
    stage = await play(Scene(ending="silence"))
    opening = stage.source.open(stage.plan, Notes())
    await opening.__aenter__()
    with trio.CancelScope() as scope:
        scope.cancel()
        await opening.__aexit__(None, None, None)
        closed = True
    assert closed
    assert not scope.cancelled_caught
    await settle(stage)


async def test_an_error_in_the_block_passes_and_closes(play: Play) -> None:
    stage = await play(Scene(ending="silence"))
    with pytest.raises(ZeroDivisionError):
        async with stage.source.open(stage.plan, Notes()):
            raise ZeroDivisionError
    await settle(stage)


async def test_what_the_body_raises_comes_out_as_it_is(play: Play) -> None:
    stage = await play(Scene(head=False, chunks=(), ending="silence"))

    async def body() -> AsyncIterator[bytes]:
        yield b"h"
        raise ZeroDivisionError

    plan = plan_for(stage.plan.base_url, body())
    with pytest.raises(ZeroDivisionError):
        await call(stage.source, plan)
    await settle(stage)


async def test_calls_do_not_disturb_each_other(play: Play) -> None:
    stage = await play(Scene())
    results: list[bytes] = []

    async def one() -> None:
        _, body = await call(stage.source, stage.plan)
        results.append(body)

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(one)
    assert results == [b"onetwo"] * 20
