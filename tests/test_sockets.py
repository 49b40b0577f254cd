"""What TCP tells of a peer; and that the scripted upstream notes every departure at once, in every phase."""

from __future__ import annotations

import errno
import gc
import os
import socket
import weakref

import pytest
import trio
import trio.testing
from support.pair import connected

from trioproxy.lab.client import LabClient
from trioproxy.lab.script import Chunk, Close, End, Framing, Going, Head, Script, Silence, Take
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.sockets import Breakage, Departure, departed, departure, reset, unacknowledged_bytes

A = Chunk(b"aaa")


@pytest.mark.parametrize(("how", "seen"), [(Going.FIN, Departure.FIN), (Going.RST, Departure.RST)])
async def test_it_is_seen_behind_unread_bytes(how: Going, seen: Departure) -> None:
    with trio.socket.socket() as listener:
        await listener.bind(("127.0.0.1", 0))
        listener.listen()
        client = await LabClient.connect(f"http://127.0.0.1:{listener.getsockname()[1]}")
        sock, _ = await listener.accept()
        with sock:
            await client.post("/", b"unread", await_head=False)
            with trio.move_on_after(0.05) as too_early:
                await departure(sock)
            assert too_early.cancelled_caught
            client.leave(how)
            with trio.fail_after(5):
                assert await departure(sock) is seen
            if seen is Departure.FIN:
                assert (await sock.recv(65536)).endswith(b"unread")


@pytest.mark.parametrize("how", [Going.FIN, Going.RST, Going.HALF_CLOSE])
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(Script.of(Silence()), id="before the head"),
        pytest.param(Script.of(Head(), Silence()), id="after the head"),
        pytest.param(Script.of(Head(), A, 3600.0, A, End()), id="between chunks"),
        pytest.param(Script.of(Head(), A, Chunk(b"b" * 50_000_000), End()), id="while it cannot send"),
    ],
)
async def test_a_departure_is_noticed_at_once(script: Script, how: Going) -> None:
    async with ScriptedUpstream(script) as upstream, await LabClient.connect(upstream.url) as client:
        await client.post("/", b"x", await_head=False)
        await upstream.wait_whole(1)
        if isinstance(script.steps[0][1], Head):
            await client.head()
        left_at = client.leave(how)
        [received] = await upstream.wait_left(1)

        expected = Departure.RST if how is Going.RST else Departure.FIN
        # The kernel answers a FIN's unread bytes with RST.
        assert received.left_by in (expected, Departure.RST)
        assert received.left_at is not None
        # While the script, left to itself, would go on for an hour, for ever, or until the peer reads.
        assert received.left_at >= left_at
        assert received.answered_at is None
        await upstream.wait_closed()


async def test_a_departure_is_noticed_while_the_request_is_not_read() -> None:
    script = Script.of(Silence(), take=Take.NOTHING)
    async with ScriptedUpstream(script) as upstream, await LabClient.connect(upstream.url) as client:
        with trio.move_on_after(0.05):
            await client.post("/", b"x" * 20_000_000)
        assert len(upstream.requests) == 1
        # A FIN would wait behind the bytes for which there is no room.
        client.leave(Going.RST)
        [received] = await upstream.wait_left(1)
        assert (received.body_at, received.left_by) == (None, Departure.RST)


async def test_a_departure_after_the_answer_is_no_departure() -> None:
    script = Script.of(Head(), A, End())
    async with ScriptedUpstream(script) as upstream, await LabClient.connect(upstream.url) as client:
        await client.post("/", b"x")
        await client.rest()
        client.leave()
        await upstream.wait_closed()
        assert upstream.left == []
        assert upstream.connections[0].left_by is Departure.FIN


@pytest.mark.parametrize("how", [Going.FIN, Going.RST])
@pytest.mark.parametrize("take", [Take.WHOLE, Take.BESIDE])
async def test_a_departure_in_the_middle_of_the_request(how: Going, take: Take) -> None:
    script = Script.of(3600.0, Head(), End(), take=take)
    async with ScriptedUpstream(script) as upstream:
        stream = await trio.open_tcp_stream("127.0.0.1", upstream.port)
        await stream.send_all(b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nhalf")
        # What came with the head is a fact as well.
        await upstream.wait_until(lambda: any(r.body == b"half" for r in upstream.requests), "half a body")
        LabClient(stream, "").leave(how)
        [received] = await upstream.wait_left(1)
        assert received.left_by == Departure(how.value)
        assert received.body_at is None
        await upstream.wait_closed()


async def test_who_is_hung_up_on_may_reset() -> None:
    async with ScriptedUpstream(Script.of(Head(), A, Close())) as upstream:
        client = await LabClient.connect(upstream.url)
        await client.post("/", b"x")
        await client.rest()
        client.leave(Going.RST)
        await upstream.wait_closed()
        assert upstream.connections[0].left_by is Departure.RST
        assert upstream.left == []


async def test_a_request_from_one_that_has_gone_is_noted() -> None:
    async with ScriptedUpstream(Script.of(Head(framing=Framing.LENGTH), A, End())) as upstream:
        stream = await trio.open_tcp_stream("127.0.0.1", upstream.port)
        await stream.send_all(b"GET / HTTP/1.1\r\n\r\n")
        stream.socket.close()
        [received] = await upstream.wait_received(1)
        await upstream.wait_closed()
        assert received.over_at is not None
        # It had its answer, or it was seen leaving first; which, is the kernel's affair.
        assert received.left == (received.answered_at is None)


async def test_what_the_peer_has_not_acknowledged() -> None:
    async with connected() as (ours, theirs):
        assert unacknowledged_bytes(ours) == 0
        with trio.move_on_after(0.2):
            while True:  # until neither side's kernel has room
                await ours.send(bytes(1 << 20))
        held = unacknowledged_bytes(ours)
        assert held > 0
        taken = 0
        with trio.fail_after(5):
            while unacknowledged_bytes(ours):
                taken += len(await theirs.recv(1 << 20))
        assert taken > 0
        ours.close()
        assert unacknowledged_bytes(ours) == 0


async def test_a_reset_drops_what_the_kernel_holds_and_wakes_whoever_reads() -> None:
    async with connected() as (ours, theirs), trio.open_nursery() as nursery:

        async def read() -> None:
            with pytest.raises(trio.ClosedResourceError):
                await ours.recv(1)

        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        await ours.send(b"unread")
        reset(ours)
        reset(ours)
        with trio.fail_after(5):
            assert await departure(theirs) is Departure.RST


async def test_what_has_happened_already() -> None:
    async with connected() as (ours, theirs):
        await theirs.send(b"unread")
        assert departed(ours) is None
        theirs.shutdown(socket.SHUT_WR)
        assert departed(ours) is Departure.FIN
        reset(theirs)
        assert departed(ours) is Departure.RST
        with pytest.raises(BrokenPipeError):
            await ours.send(b"x")
        assert departed(ours) is Departure.RST, "the error has been met, and is gone; the connection as well"
        ours.close()
        assert departed(ours) is None


@pytest.mark.parametrize("number", [errno.ECONNRESET, errno.ETIMEDOUT])
async def test_what_broke_a_connection_is_told_to_whoever_reads(number: int) -> None:
    breakage, error = Breakage(), OSError(number, os.strerror(number))
    async with connected() as (ours, _):
        await breakage.check(ours)
        with pytest.raises(OSError, match=os.strerror(number)), breakage.writing():
            raise error
        with pytest.raises(trio.BrokenResourceError, match=os.strerror(number)) as caught:
            await breakage.check(ours)
        assert isinstance(caught.value.__cause__, OSError)
        assert caught.value.__cause__.errno == number


async def test_what_was_to_be_written_is_not_kept() -> None:
    class Data(bytearray):
        pass

    breakage = Breakage()

    def write(data: Data) -> None:
        with breakage.writing():
            raise ConnectionResetError(errno.ECONNRESET, f"after {len(data)}")

    data = Data(b"x")
    kept = weakref.ref(data)
    with pytest.raises(ConnectionResetError):
        write(data)
    del data
    gc.collect()
    assert kept() is None
    async with connected() as (ours, _):
        with pytest.raises(trio.BrokenResourceError, match="after 1"):
            await breakage.check(ours)
