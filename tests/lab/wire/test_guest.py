"""A guest goes as far as it is told, and says what it saw."""

from __future__ import annotations

from trioproxy.lab.answers import message_stream
from trioproxy.lab.measures import Saw
from trioproxy.lab.script import Ask, Going, Silence
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.lab.wire.guest import H1Guest


async def test_a_whole_answer():
    answer = message_stream("Hello.")
    async with ScriptedUpstream(answer.script()) as upstream:
        guest = await H1Guest.arrive(upstream.port)
        await guest.send(Ask())
        await guest.rest()
        guest.close()

    assert (guest.sight.status, guest.sight.ending, bytes(guest.sight.body)) == (200, Saw.CLEAN_END, answer.body)
    assert sum(size for _, size in guest.sight.pieces) == len(answer.body)


async def test_leaving():
    async with ScriptedUpstream(message_stream("Hello.").up_to(2).script(then=Silence())) as upstream:
        guest = await H1Guest.arrive(upstream.port)
        await guest.send(Ask())
        await guest.head()
        await guest.some()
        left_at = await guest.leave(Going.FIN)
        [left] = await upstream.wait_left(1)

    assert left.left_at is not None
    assert left.left_at >= left_at
    assert guest.sight.ending is None
