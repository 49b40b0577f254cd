"""The way from a pump to its readers: what bounds it, who is waited for, and what its end means."""

from __future__ import annotations

import pytest
import trio

from trioproxy.errors import UpstreamTruncated
from trioproxy.lab.compare.channel import Channels
from trioproxy.lab.compare.semantics import Again, End, Follow, Room, Semantics
from trioproxy.model import Head

HEAD = Head(200, ())
BROKEN = UpstreamTruncated("broken")


async def pushed(channels: Channels, count: int, size_bytes: int = 1) -> int:
    """How many of `count` chunks can be sent before the sender has to wait."""
    sent = 0
    with trio.move_on_after(1):
        for _ in range(count):
            await channels.send(b"x" * size_bytes)
            sent += 1
    return sent


@pytest.mark.parametrize(("room", "before_it_waits"), [("0", 0), ("1", 1), ("3", 3), ("1KiB", 2)])
async def test_what_bounds_it(room: str, before_it_waits: int, autojump_clock: trio.testing.MockClock) -> None:
    channels = Channels(Semantics(room=Room.of(room)))
    channels.take()

    assert await pushed(channels, 9, 400) == before_it_waits


async def test_a_chunk_that_is_taken_makes_room(autojump_clock: trio.testing.MockClock) -> None:
    channels = Channels(Semantics(room=Room.of("0")))
    reader = channels.take()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(channels.send, b"one")
        assert await reader.receive() == b"one"


async def test_nobody_waits_for_a_reader_that_has_left(autojump_clock: trio.testing.MockClock) -> None:
    channels = Channels(Semantics(room=Room.of("0")))
    reader = channels.take()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(channels.send, b"one")
        await trio.testing.wait_all_tasks_blocked()
        assert channels.leave(reader)
    assert not channels.leave(reader)
    assert reader.waiting_bytes == 0
    assert await pushed(channels, 9) == 9


@pytest.mark.parametrize(("follow", "sent"), [(Follow.FASTEST, 9), (Follow.SLOWEST, 1)])
async def test_whom_the_pump_waits_for(follow: Follow, sent: int, autojump_clock: trio.testing.MockClock) -> None:
    channels = Channels(Semantics(room=Room.of("1"), follow=follow))
    fast, slow = channels.take(), channels.take()

    async def read() -> None:
        while await fast.receive():
            pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        assert await pushed(channels, 9) == sent
        nursery.cancel_scope.cancel()
    assert slow.waiting_chunks == sent + (follow is Follow.SLOWEST)


async def test_one_that_joins_is_given_what_has_passed() -> None:
    channels = Channels(Semantics(again=Again.JOINS))
    channels.begin(HEAD)
    channels.take()
    await channels.send(b"one")
    late = channels.take()

    assert await late.head() is HEAD
    assert await late.receive() == b"one"


async def test_the_end_mark_tells_a_whole_body_from_a_broken_one() -> None:
    for failure in (None, BROKEN):
        channels = Channels(Semantics())
        reader = channels.take()
        channels.begin(HEAD)
        channels.close(failure)
        if failure is None:
            assert await reader.receive() == b""
        else:
            with pytest.raises(UpstreamTruncated):
                await reader.receive()


async def test_who_takes_a_closed_channel_for_the_end_is_deceived() -> None:
    channels = Channels(Semantics(end=End.CLOSED))
    reader = channels.take()
    channels.begin(HEAD)
    channels.close(BROKEN)

    assert await reader.receive() == b""


async def test_without_a_head_there_is_the_failure() -> None:
    channels = Channels(Semantics())
    reader = channels.take()
    channels.close(BROKEN)

    with pytest.raises(UpstreamTruncated):
        await reader.head()
