"""One writer: whoever is cancelled leaves no half of a frame behind."""

from __future__ import annotations

import h2.events
import pytest
import trio
import trio.testing

from trioproxy.lab.frames import Frames

REQUEST = ((b":method", b"POST"), (b":scheme", b"http"), (b":authority", b"x"), (b":path", b"/"))


async def pair() -> tuple[Frames, Frames, trio.testing.MemorySendStream, trio.abc.ReceiveStream]:
    ours, theirs = trio.testing.lockstep_stream_one_way_pair()
    client = Frames(ours, client=True)
    server = Frames(ours, client=False)
    client.machine.initiate_connection()
    client.push()
    server.machine.initiate_connection()
    return client, server, ours, theirs  # type: ignore[return-value]


async def test_a_sender_that_is_cancelled_leaves_whole_frames(autojump_clock: trio.testing.MockClock) -> None:
    client, server, _, wire = await pair()
    client.send_head(1, REQUEST)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.write)
        with trio.move_on_after(1) as scope:
            # Nobody reads yet: the kernel, so to say, takes nothing.
            await client.send_body(1, b"a" * 10_000, most_bytes=1000)
        assert scope.cancelled_caught
        client.reset(1, 8)
        events: list[h2.events.Event] = []
        while not any(isinstance(each, h2.events.StreamReset) for each in events):
            events += server.receive(bytes(await wire.receive_some(700)))
        nursery.cancel_scope.cancel()

    assert isinstance(events[-1], h2.events.StreamReset)


async def test_a_window_that_opens_lets_it_go_on(autojump_clock: trio.testing.MockClock) -> None:
    client, server, _, wire = await pair()
    client.send_head(1, REQUEST)
    got, counted = bytearray(), 0

    def count(size_bytes: int) -> None:
        nonlocal counted
        counted += size_bytes

    async def read() -> None:
        while len(got) < 100_000:
            for event in server.receive(bytes(await wire.receive_some())):
                if isinstance(event, h2.events.DataReceived):
                    got.extend(event.data or b"")
                    server.acknowledge(1, event.flow_controlled_length or 0)
            client.receive(server.machine.data_to_send() or bytes(server._waiting))
            server._waiting.clear()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.write)
        nursery.start_soon(read)
        await client.send_body(1, b"a" * 100_000, end=True, most_bytes=50_000, sent=count)
        nursery.cancel_scope.cancel()

    assert bytes(got) == b"a" * 100_000
    assert counted > 100_000


async def test_a_broken_stream_is_told_to_whoever_waits(autojump_clock: trio.testing.MockClock) -> None:
    client, _, _, wire = await pair()
    client.send_head(1, REQUEST)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.write)
        nursery.start_soon(wire.aclose)
        with pytest.raises(trio.BrokenResourceError):
            await client.send_body(1, b"a" * 100_000, most_bytes=1000)

    assert client.broken
    with pytest.raises(trio.BrokenResourceError):
        await client.drain()


def test_on_a_stream_that_is_over_nothing_can_be_said() -> None:
    frames = Frames(trio.testing.memory_stream_pair()[0], client=True)
    frames.machine.initiate_connection()
    frames.send_head(1, REQUEST, end=True)
    with pytest.raises(trio.BrokenResourceError):
        frames.end(1)
    frames.reset(1, 0)
    frames.reset(1, 0)
    frames.acknowledge(1, 10)
    frames.go_away(0)
    with pytest.raises(trio.BrokenResourceError):
        frames.send_head(3, REQUEST)


def test_who_has_said_farewell_listens_no_more() -> None:
    frames = Frames(trio.testing.memory_stream_pair()[0], client=True)
    frames.machine.initiate_connection()
    frames.go_away(0)

    assert frames.receive(b"\0\0\4\x08\0\0\0\0\0\0\0\0\1") == []
