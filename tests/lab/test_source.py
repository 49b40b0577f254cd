"""Scripts as a source, on the virtual clock: phases, faults, closing; and the same story as over sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from trioproxy.errors import UpstreamClosed, UpstreamConnectFailed, UpstreamError, UpstreamTruncated
from trioproxy.lab.answers import message_stream
from trioproxy.lab.script import (
    Chunk,
    Close,
    End,
    Framing,
    Garble,
    Head,
    Interim,
    Raw,
    Refuse,
    Reset,
    Script,
    Short,
    Silence,
    Take,
    Unreachable,
)
from trioproxy.lab.source import ScriptedSource
from trioproxy.model import Plan
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.base import Source

A = Chunk(b"aaa")
BY_LENGTH = Head(framing=Framing.LENGTH)
BY_CLOSE = Head(framing=Framing.CLOSE)


class Diary:
    """Progress that writes down what it is told, and permits after a while."""

    def __init__(self, permit_s: float = 0.0) -> None:
        self.entered: list[tuple[float, Phase]] = []
        self.permit_s = permit_s
        self.began = trio.current_time()

    def enter(self, phase: Phase) -> None:
        self.entered.append((round(trio.current_time() - self.began, 3), phase))

    async def permission(self) -> None:
        await trio.sleep(self.permit_s)


def plan(body: bytes | AsyncIterator[bytes] | None = b"{}", method: str = "POST") -> Plan:
    return Plan(method, "http://upstream.test", b"/v1/messages", (), body)


async def listen(source: Source, told: Plan | None = None) -> bytes:
    """Open, read to the end."""
    body = b""
    async with source.open(told or plan(), Diary()) as answer:
        while data := await answer.receive():
            body += data
        assert await answer.receive() == b""
    return body


async def test_it_moves_through_the_phases_and_is_closed_once(autojump_clock: trio.testing.MockClock) -> None:
    script = Script.of(0.5, Head(headers=((b"x", b"1"),)), 2.0, A, 3.0, A, 1.0, End())
    source: Source = (scripted := ScriptedSource(script, connect_s=0.25))
    diary = Diary(permit_s=0.125)
    async with source.open(plan(b"body"), diary) as answer:
        assert (answer.head.status, answer.head.headers, answer.head.framed) == (200, ((b"x", b"1"),), True)
        assert await answer.receive() == b"aaa"
        assert await answer.receive() == b"aaa"
        assert scripted.open_calls == scripted.calls
        assert await answer.receive() == b""

    assert diary.entered == [
        (0.0, Phase.CONNECTING),
        (0.375, Phase.SENDING),
        (0.375, Phase.SENDING),
        (0.375, Phase.WAITING),
        (0.875, Phase.STREAMING),
        (2.875, Phase.STREAMING),
        (5.875, Phase.STREAMING),
    ]
    [call] = scripted.calls
    assert (bytes(call.body), call.permitted, call.ended, call.received_bytes) == (b"body", True, True, 6)
    assert (call.closings, call.closed_at) == (1, trio.current_time())
    assert scripted.open_calls == []
    assert trio.current_time() - diary.began == pytest.approx(6.875)


@pytest.mark.parametrize(
    ("script", "error", "garbled"),
    [
        (Script.of(Refuse()), UpstreamConnectFailed, False),
        (Script.of(Close()), UpstreamClosed, False),
        (Script.of(Interim(), Reset()), UpstreamClosed, False),
        (Script.of(Raw(b"SMTP\r\n"), Silence()), UpstreamClosed, True),
        (Script.of(Head(), A, Close()), UpstreamTruncated, False),
        (Script.of(Head(), A, Reset()), UpstreamTruncated, False),
        (Script.of(BY_LENGTH, A, Short()), UpstreamTruncated, False),
        (Script.of(BY_CLOSE, A, Reset()), UpstreamTruncated, False),
        (Script.of(Head(), A, Garble()), UpstreamTruncated, True),
    ],
)
async def test_faults_are_the_errors_of_a_real_source(
    script: Script, error: type[UpstreamError], garbled: bool, autojump_clock: trio.testing.MockClock
) -> None:
    source = ScriptedSource(script)
    with pytest.raises(error) as caught:
        await listen(source)

    assert type(caught.value) is error
    assert caught.value.garbled is garbled
    assert source.calls[0].closings == 1
    assert source.calls[0].received_bytes == (3 if error is UpstreamTruncated else 0)
    assert source.calls[0].permitted == (error is not UpstreamConnectFailed)


@pytest.mark.parametrize(
    ("script", "phase"),
    [
        (Script.of(Unreachable()), Phase.CONNECTING),
        (Script.of(Silence(), take=Take.NOTHING), Phase.SENDING),
        (Script.of(Silence()), Phase.WAITING),
        (Script.of(Head(), A, Silence()), Phase.STREAMING),
    ],
)
async def test_a_silence_ends_by_cancellation_and_is_closed(
    script: Script, phase: Phase, autojump_clock: trio.testing.MockClock
) -> None:
    source = ScriptedSource(script)
    with trio.move_on_after(100) as scope:
        await listen(source)

    assert scope.cancelled_caught
    [call] = source.calls
    assert call.phases[-1] is phase
    assert (call.closings, call.ended) == (1, False)


async def test_the_end_of_the_connection_is_an_end_where_nothing_else_is(
    autojump_clock: trio.testing.MockClock,
) -> None:
    for ending in (Close(), End()):
        source = ScriptedSource(Script.of(BY_CLOSE, A, ending))
        async with source.open(plan(), Diary()) as answer:
            assert not answer.head.framed
            assert [await answer.receive(), await answer.receive()] == [b"aaa", b""]


async def test_chunks_fall_due_while_nobody_asks(autojump_clock: trio.testing.MockClock) -> None:
    source = ScriptedSource(Script.of(Head(), 1.0, A, 1.0, A, 1.0, End()))
    async with source.open(plan(), Diary()) as answer:
        await trio.sleep(10)
        began = trio.current_time()
        while await answer.receive():
            pass
        assert trio.current_time() == began


async def test_cancelling_a_read_loses_nothing(autojump_clock: trio.testing.MockClock) -> None:
    source = ScriptedSource(Script.of(Head(), 5.0, A, End()))
    async with source.open(plan(), Diary()) as answer:
        with trio.move_on_after(1):
            await answer.receive()
        assert await answer.receive() == b"aaa"
        assert await answer.receive() == b""


async def test_a_slow_reader_makes_sending_long(autojump_clock: trio.testing.MockClock) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        await trio.lowlevel.checkpoint()
        yield b"x" * 600
        yield b"y" * 400

    source = ScriptedSource(Script.of(Head(), End(), take_bytes_per_s=100))
    diary = Diary()
    async with source.open(plan(pieces()), diary):
        pass
    assert bytes(source.calls[0].body) == b"x" * 600 + b"y" * 400
    assert diary.entered[-2] == (10.0, Phase.WAITING)


async def test_what_the_clients_body_raises_comes_through(autojump_clock: trio.testing.MockClock) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        await trio.lowlevel.checkpoint()
        yield b"x"
        raise RuntimeError("the client")

    source = ScriptedSource(Script.of(Head(), End()))
    with pytest.raises(RuntimeError, match="the client"):
        await listen(source, plan(pieces()))
    assert source.calls[0].closings == 1


async def test_an_early_head_leaves_the_body(autojump_clock: trio.testing.MockClock) -> None:
    source = ScriptedSource(Script.of(Head(413), A, End(), take=Take.NOTHING))
    diary = Diary()
    async with source.open(plan(), diary) as answer:
        assert answer.head.status == 413
    assert [phase for _, phase in diary.entered] == [Phase.CONNECTING, Phase.SENDING, Phase.STREAMING]
    assert source.calls[0].body_at is None


async def test_scripts_in_order_and_by_plan(autojump_clock: trio.testing.MockClock) -> None:
    ordered = ScriptedSource([Script.of(Head(), Chunk(b"%d" % n), End()) for n in range(2)])
    assert [await listen(ordered), await listen(ordered)] == [b"0", b"1"]
    with pytest.raises(LookupError, match="call 3"):
        await listen(ordered)
    chosen = ScriptedSource(lambda told: Script.of(Head(), Chunk(told.target), End()))
    assert await listen(chosen) == b"/v1/messages"


async def test_head_has_no_body(autojump_clock: trio.testing.MockClock) -> None:
    source = ScriptedSource(Script.of(BY_LENGTH, A, End()))
    async with source.open(plan(None, "HEAD"), Diary()) as answer:
        assert answer.head.header(b"content-length") == b"3"
        assert await answer.receive() == b""


async def test_small_writes_are_small_reads(autojump_clock: trio.testing.MockClock) -> None:
    answer = message_stream("é — 🐟")
    source = ScriptedSource(answer.script(write_bytes=1))
    async with source.open(plan(), Diary()) as opened:
        first = await opened.receive()
        assert len(first) == 1
        assert first + b"".join([await opened.receive() for _ in answer.body[1:]]) == answer.body
