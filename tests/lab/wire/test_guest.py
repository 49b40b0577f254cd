"""A guest goes as far as it is told, and says what it saw."""

from __future__ import annotations

import pytest
import trio

from trioproxy.lab.answers import message_stream
from trioproxy.lab.guest import AnswerEnding
from trioproxy.lab.guest.line import Way
from trioproxy.lab.script import Ask, Chunk, End, Going, Head, Reset, Script, Silence
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.lab.wire.guest import Guest
from trioproxy.lab.wire.target import Protocol


def way(upstream: ScriptedUpstream) -> Way:
    return Way(("127.0.0.1", upstream.port))


@pytest.mark.parametrize("protocol", ["h1", "h2c"])
async def test_a_whole_answer(protocol: Protocol):
    answer = message_stream("Hello.")
    async with ScriptedUpstream(answer.script()) as upstream, Guest.visiting(way(upstream), protocol) as guest:
        with trio.fail_after(5):
            await guest.send(Ask())
            await guest.ended()

    assert (guest.visit.status, guest.visit.ending, bytes(guest.visit.body)) == (200, AnswerEnding.CLEAN, answer.body)


async def test_leaving_is_noted_to_the_moment():
    script = message_stream("Hello.").up_to(2).script(then=Silence())
    async with ScriptedUpstream(script) as upstream, Guest.visiting(way(upstream), "h1") as guest:
        await guest.send(Ask())
        await guest.until(lambda visit: visit.size_bytes > 0)
        left_at = await guest.leave(Going.FIN)
        [left] = await upstream.wait_left(1)

    assert left.left_at is not None
    assert left.left_at >= left_at
    assert guest.visit.ending is None


async def test_half_a_request():
    async with ScriptedUpstream(Script.of(Silence())) as upstream, Guest.visiting(way(upstream), "h1") as guest:
        await guest.send(Ask(body=b"0123456789"), half=True)
        await upstream.wait_until(lambda: bool(upstream.requests and upstream.requests[0].body), "half")
        assert bytes(upstream.requests[0].body) == b"01234"
        assert guest.visit.sent_at is None


async def test_one_that_does_not_read_holds_the_other_side_up_until_it_reads_on():
    story = Script.of(Head(), *[Chunk(b"x" * 65536)] * 256, End())
    async with (
        ScriptedUpstream(story) as upstream,
        Guest.visiting(way(upstream), "h1", lambda visit: visit.status is not None) as guest,
    ):
        await guest.send(Ask())
        await guest.until(lambda visit: visit.status is not None)
        for _ in range(50):
            await trio.lowlevel.checkpoint()
        assert upstream.requests[0].answered_at is None
        assert guest.visit.size_bytes < 65536
        guest.read_on()
        await guest.ended()

    assert guest.visit.size_bytes == len(story.body)


async def test_a_reset_is_seen():
    async with (
        ScriptedUpstream(Script.of(Head(), Chunk(b"x"), 0.01, Reset())) as upstream,
        Guest.visiting(way(upstream), "h1") as guest,
    ):
        await guest.send(Ask())
        await guest.ended()
    assert guest.visit.ending is AnswerEnding.RESET


async def test_nobody_there():
    async with ScriptedUpstream(Script.of(Silence())) as upstream:
        gone = way(upstream)
    with pytest.raises(OSError, match="refused"):
        async with Guest.visiting(gone, "h1"):
            pass


async def test_an_error_in_the_block_comes_out_as_it_is():
    async with ScriptedUpstream(Script.of(Silence())) as upstream:
        with pytest.raises(ZeroDivisionError):
            async with Guest.visiting(way(upstream), "h1"):
                raise ZeroDivisionError
