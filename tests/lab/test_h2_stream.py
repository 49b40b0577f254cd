"""How a request's body is taken over HTTP/2."""

from __future__ import annotations

import trio
from support.h2c import H2Client

from trioproxy.lab.received import Received
from trioproxy.lab.script import Chunk, End, Head, Script, Silence, Take
from trioproxy.lab.upstream import ScriptedUpstream

A = Chunk(b"aaa")
LONG = b"x" * 300_000


async def test_a_long_body_is_read_whole_first() -> None:
    async with ScriptedUpstream(Script.of(Head(), A, End())) as upstream:
        async with await H2Client.connect(upstream.port) as client:
            reply = await client.reply(await client.request("POST", body=LONG))

        assert reply.complete
        [received] = upstream.requests
        assert received.body == LONG
        assert (received.body_at or 0) < (received.answered_at or 0)


async def test_a_body_can_be_read_beside_the_answer_and_slowly() -> None:
    script = Script.of(Head(), A, End(), take=Take.BESIDE, take_bytes_per_s=40_000)
    async with ScriptedUpstream(script) as upstream, await H2Client.connect(upstream.port) as client:
        reply = await client.reply(await client.request("POST", body=b"x" * 10_000))
        # It did not wait for the rest of the body; nor did it want it.
        assert reply.complete
        [received] = upstream.requests
        await upstream.wait_until(lambda: received.body_at is not None or received.over_at is not None, "an end")
        assert received.answered_at is not None
        assert len(received.body) < 10_000 or received.answered_at < (received.body_at or 0)


async def test_a_body_that_is_not_taken_sticks_and_others_go_on() -> None:
    scripts = [Script.of(Silence(), take=Take.NOTHING), Script.of(Head(), A, End())]
    async with ScriptedUpstream(scripts) as upstream, await H2Client.connect(upstream.port) as client:
        first = await client.request("POST", end=False)
        with trio.move_on_after(0.2) as stuck:
            await client.data(first, LONG)
        assert stuck.cancelled_caught
        second = await client.request("POST", body=b"y" * 100_000)

        assert (await client.reply(second)).complete
        assert [len(received.body) for received in upstream.requests] == [0, 100_000]


async def test_a_function_sees_the_body() -> None:
    def choose(received: Received) -> Script:
        return Script.of(Head(), Chunk(bytes(received.body).upper()), End())

    async with ScriptedUpstream(choose) as upstream, await H2Client.connect(upstream.port) as client:
        assert (await client.reply(await client.request("POST", body=b"loud"))).body == b"LOUD"


async def test_who_asks_is_told_to_go_on() -> None:
    async with ScriptedUpstream(Script.of(Head(), A, End())) as upstream:
        async with await H2Client.connect(upstream.port) as client:
            expect = ((b"expect", b"100-continue"),)
            reply = await client.reply(await client.request("POST", "/", expect, b"x"))

        assert (reply.status, reply.complete) == (200, True)
