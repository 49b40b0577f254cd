"""What waits for an application: bounded, in order, and a disconnect is never stuck behind a body."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from trioproxy.app.hypercorn_fixes.inbox import HIGH_WATER_BYTES, Inbox

GONE: Any = {"type": "http.disconnect"}


def body(data: bytes, *, more: bool = True) -> Any:
    return {"type": "http.request", "body": data, "more_body": more}


async def test_pieces_that_nobody_received_are_joined(autojump_clock: MockClock) -> None:
    inbox = Inbox(10)
    for piece in (b"a", b"b", b"c"):
        await inbox(body(piece))
    assert await inbox.receive() == body(b"abc")
    await inbox(body(b"d"))
    await inbox(body(b"", more=False))
    assert await inbox.receive() == body(b"d", more=False)


async def test_a_waiting_receiver_gets_each_at_once(autojump_clock: MockClock) -> None:
    inbox = Inbox(10)
    seen: list[Any] = []

    async def listen() -> None:
        seen.append(await inbox.receive())
        seen.append(await inbox.receive())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen)
        await trio.sleep(1)
        await inbox(body(b"a"))
        await trio.sleep(1)
        assert seen == [body(b"a")]
        await inbox(GONE)
    assert seen == [body(b"a"), GONE]


async def test_a_full_inbox_holds_the_sender_until_it_is_received(autojump_clock: MockClock) -> None:
    inbox = Inbox(10)
    put = trio.Event()

    async def fill() -> None:
        await inbox(body(bytes(HIGH_WATER_BYTES)))
        put.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(fill)
        await trio.sleep(1)
        assert not put.is_set()
        assert await inbox.receive() == body(bytes(HIGH_WATER_BYTES))
        await trio.sleep(1)
        assert put.is_set()


async def test_a_disconnect_waits_for_nothing_and_releases_the_sender(autojump_clock: MockClock) -> None:
    inbox = Inbox(10)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(inbox, body(bytes(HIGH_WATER_BYTES)))
        await trio.sleep(1)
        with trio.fail_after(0):
            await inbox(GONE)
    assert len((await inbox.receive())["body"]) == HIGH_WATER_BYTES
    for _ in range(3):
        assert await inbox.receive() == GONE


async def test_messages_of_other_kinds_are_bounded_by_number(autojump_clock: MockClock) -> None:
    inbox = Inbox(2)
    message: Any = {"type": "websocket.receive", "text": "x", "bytes": None}
    await inbox(message)
    await inbox(message)
    with trio.move_on_after(5) as waiting:
        await inbox(message)
    assert waiting.cancelled_caught


async def test_where_flow_control_bounds_the_body_the_sender_never_waits(autojump_clock: MockClock) -> None:
    inbox = Inbox(1)
    given_back: list[int] = []

    async def credit(count: int) -> None:
        given_back.append(count)

    inbox.credit = credit
    for _ in range(4):
        inbox.owe(HIGH_WATER_BYTES + 5)
        with trio.fail_after(0):
            await inbox(body(bytes(HIGH_WATER_BYTES)))
    assert not given_back
    assert len((await inbox.receive())["body"]) == 4 * HIGH_WATER_BYTES
    assert given_back == [4 * (HIGH_WATER_BYTES + 5)]
    inbox.owe(7)
    assert (inbox.forgive(), inbox.forgive()) == (7, 0)


@pytest.mark.parametrize("waiting", [True, False])
async def test_a_cancelled_receive_loses_nothing(autojump_clock: MockClock, waiting: bool) -> None:
    inbox = Inbox(10)
    if not waiting:
        await inbox(body(b"a"))
    with trio.CancelScope() as scope:
        if not waiting:
            scope.cancel()
        scope.deadline = trio.current_time() + 1
        await inbox.receive()
    assert scope.cancelled_caught
    if waiting:
        await inbox(body(b"a"))
    assert await inbox.receive() == body(b"a")
