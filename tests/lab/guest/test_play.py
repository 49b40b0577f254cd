"""Every deed and every moment of a client, over both protocols."""

from __future__ import annotations

import time

import pytest
import trio

from trioproxy.lab.guest import AnswerEnding, Manner, Seen, play_client
from trioproxy.lab.script import (
    After,
    Ask,
    AtByte,
    AtEvent,
    AtPhase,
    Chunk,
    ClientPhase,
    ClientScript,
    ClientStep,
    End,
    Framing,
    Going,
    Head,
    Leave,
    ReadOn,
    ReadSlowly,
    Reset,
    Script,
    Silence,
    StopReading,
    Take,
)
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.trace.records import What

A = Chunk(b"data: a\n\n")
LONG = Script.of(Head(), *(Chunk(b"x" * 100_000) for _ in range(50)), End())
PROTOCOLS = ["h1", "h2c"]
PATIENT = Manner(patience_s=10.0, linger_s=0.05)
IMPATIENT = Manner(patience_s=0.15)


async def play(
    upstream: ScriptedUpstream, protocol: str, *steps: ClientStep, ask: Ask | None = None, manner: Manner = PATIENT
) -> Seen:
    with trio.fail_after(20):
        return await play_client(
            ClientScript(ask or Ask(), steps), ("127.0.0.1", upstream.port), protocol, manner=manner
        )


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("phase", ClientPhase)
async def test_each_phase(protocol: str, phase: ClientPhase) -> None:
    script = Script.of(Head(), A, 0.05, A, End())
    async with ScriptedUpstream(script) as upstream:
        seen = await play(upstream, protocol, (AtPhase(phase), Leave(Going.RST)), ask=Ask(body=b"x" * 1000))
        await upstream.wait_closed()

        visit = seen.last
        assert visit.left_by is Going.RST
        assert (visit.sent_at is None) == (phase in (ClientPhase.CONNECTED, ClientPhase.SENDING))
        assert (visit.status is None) == (list(ClientPhase).index(phase) < 3)
        assert (visit.ending is not None) == (phase is ClientPhase.ENDED)
        if phase is ClientPhase.CONNECTED:
            assert upstream.requests == []
        if phase is ClientPhase.SENDING:
            [received] = upstream.requests
            assert (len(received.body), received.body_at) == (500, None)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_at_a_byte_and_at_an_event(protocol: str) -> None:
    script = Script.of(Head(), A, 0.05, A, 0.05, A, Silence())
    async with ScriptedUpstream(script) as upstream:
        byte = await play(upstream, protocol, (AtByte(10), Leave(Going.RST)))
        event = await play(upstream, protocol, (AtEvent(3), Leave(Going.RST)))

    assert (byte.last.size_bytes, event.last.size_bytes) == (18, 27)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_after_so_many_seconds(protocol: str) -> None:
    async with ScriptedUpstream(Script.of(Silence())) as upstream:
        seen = await play(upstream, protocol, (After(0.1), ReadOn()), (After(0.2), Leave(Going.RST)))

        assert seen.last.left_at is not None
        assert seen.last.connected_at is not None
        assert 0.29 <= seen.last.left_at - seen.last.connected_at < 1.0


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_who_stops_reading_holds_the_sender_up_until_it_reads_on(protocol: str) -> None:
    async with ScriptedUpstream(LONG) as upstream:
        seen = await play(upstream, protocol, (AtByte(1), StopReading()), (After(0.3), ReadOn()))

    stalled = next(mark for mark in seen.last.marks if mark.what is What.STALLED)
    after = next(mark for mark in seen.last.marks if mark.at_s > stalled.at_s)
    assert after.at_s - stalled.at_s >= 0.29
    assert (seen.last.ending, seen.last.size_bytes) == (AnswerEnding.CLEAN, 5_000_000)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_who_reads_nothing_more_sees_a_reset_all_the_same(protocol: str) -> None:
    script = Script.of(Head(), A, 0.2, Reset())
    async with ScriptedUpstream(script) as upstream:
        seen = await play(upstream, protocol, (AtByte(1), StopReading()))

    assert seen.last.ending is AnswerEnding.RESET


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_who_reads_nothing_more_hangs(protocol: str) -> None:
    async with ScriptedUpstream(LONG) as upstream:
        seen = await play(upstream, protocol, (AtByte(1), StopReading()), manner=IMPATIENT)

    assert seen.last.ending is AnswerEnding.HANG
    assert 0 < seen.last.size_bytes < 1_000_000


async def test_behind_a_fin_what_is_there_is_read_though_reading_had_stopped() -> None:
    script = Script.of(Head(framing=Framing.CLOSE), A, 0.1, A, End())
    async with ScriptedUpstream(script) as upstream:
        seen = await play(upstream, "h1", (AtByte(1), StopReading()))

    assert (seen.last.body, seen.last.ending) == (A.data * 2, AnswerEnding.CLEAN)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_reading_slowly_takes_its_time(protocol: str) -> None:
    script = Script.of(Head(framing=Framing.LENGTH), Chunk(b"x" * 5000), End())
    async with ScriptedUpstream(script) as upstream:
        begun_at = time.monotonic()
        seen = await play(upstream, protocol, (AtPhase(ClientPhase.CONNECTED), ReadSlowly(10_000)))

        assert seen.last.ending is AnswerEnding.CLEAN
        assert time.monotonic() - begun_at >= 0.4
        # A frame is seen once it is all there.
        assert max(mark.size_bytes for mark in seen.last.marks) <= (500 if protocol == "h1" else 5000)


async def test_after_rst_stream_the_connection_stands_until_released() -> None:
    released = trio.Event()
    async with ScriptedUpstream(Script.of(Head(), A, Silence())) as upstream, trio.open_nursery() as nursery:
        manner = Manner(linger_s=30.0, released=released)
        steps = ((AtByte(1), Leave(Going.RST_STREAM)),)
        script = ClientScript(steps=steps)
        nursery.start_soon(lambda: play_client(script, ("127.0.0.1", upstream.port), "h2c", manner=manner))
        [received] = await upstream.wait_left(1)
        assert (received.left_by, upstream.connections[0].left_at) == ("RST_STREAM", None)
        with trio.move_on_after(0.1):
            await upstream.wait_closed()
        assert upstream.connections[0].left_at is None
        released.set()
        await upstream.wait_closed()


async def test_who_is_released_already_does_not_linger() -> None:
    released = trio.Event()
    released.set()
    async with ScriptedUpstream(Script.of(Head(), A, Silence())) as upstream:
        manner = Manner(linger_s=30.0, released=released)
        seen = await play(upstream, "h2c", (AtByte(1), Leave(Going.RST_STREAM)), manner=manner)

    assert seen.last.left_by is Going.RST_STREAM


async def test_after_a_half_close_it_reads_on() -> None:
    async with ScriptedUpstream(Script.of(Head(), A, Silence())) as upstream:
        seen = await play(upstream, "h1", (AtByte(1), Leave(Going.HALF_CLOSE)))
        await upstream.wait_closed()

    assert seen.last.left_by is Going.HALF_CLOSE
    assert seen.last.ending is AnswerEnding.TRUNCATED


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_request_that_nobody_reads_does_not_keep_it_from_leaving(protocol: str) -> None:
    script = Script.of(Silence(), take=Take.NOTHING)
    async with ScriptedUpstream(script) as upstream:
        seen = await play(upstream, protocol, (After(0.1), Leave(Going.RST)), ask=Ask(body=b"x" * 10_000_000))
        [received] = await upstream.wait_left(1)

        assert (seen.last.sent_at, received.left_by) == (None, "RST")


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_what_never_comes_is_not_done(protocol: str) -> None:
    async with ScriptedUpstream(Script.of(Head(), A, End())) as upstream:
        seen = await play(upstream, protocol, (AtByte(1000), Leave(Going.RST)))
        after = await play(upstream, protocol, (AtPhase(ClientPhase.ENDED), ReadOn()), (After(0.1), Leave(Going.RST)))

        assert (seen.last.left_at, seen.last.ending) == (None, AnswerEnding.CLEAN)
        assert after.last.left_at is not None
        assert after.last.ended_at is not None
        assert after.last.left_at - after.last.ended_at >= 0.09


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_cancelled_it_leaves_nothing_open(protocol: str) -> None:
    async with ScriptedUpstream(Script.of(Head(), A, Silence())) as upstream:
        with trio.move_on_after(0.1):
            await play_client(ClientScript(), ("127.0.0.1", upstream.port), protocol)
        await upstream.wait_closed()


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_fin_is_fin_though_bytes_were_left_unread(protocol: str) -> None:
    async with ScriptedUpstream(Script.of(Head(), A, 0.05, A, Silence())) as upstream:
        seen = await play(upstream, protocol, (AtByte(1), StopReading()), (After(0.3), Leave(Going.FIN)))
        [received] = await upstream.wait_left(1)

        assert (seen.last.size_bytes, received.left_by) == (len(A.data), "FIN")
        await upstream.wait_closed()
