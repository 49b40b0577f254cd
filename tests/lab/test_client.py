"""The plain client: events, endings, leaving. What it sees of each fault is in test_upstream.py."""

from __future__ import annotations

import pytest
import trio

from trioproxy.lab.answers import chat_stream, message_stream
from trioproxy.lab.client import LabClient
from trioproxy.lab.guest import AnswerEnding
from trioproxy.lab.script import Chunk, End, Going, Head, Interim, Script, Silence
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.sockets import reset


@pytest.mark.parametrize("write_bytes", [None, 1, 7])
async def test_events_are_whole_however_they_come(write_bytes: int | None) -> None:
    answer = message_stream("é — 🐟 fin")
    async with (
        ScriptedUpstream(answer.script(write_bytes=write_bytes)) as upstream,
        await LabClient.connect(upstream.url) as client,
    ):
        await client.post("/v1/messages", {})
        events = []
        while (event := await client.event()) is not None:
            events.append(event)
        assert tuple(events) == answer.parts
        assert client.ending is AnswerEnding.CLEAN


async def test_the_data_of_events_end_where_the_stream_does() -> None:
    answer = chat_stream("one two")
    async with ScriptedUpstream(answer.script()) as upstream, await LabClient.connect(upstream.url) as client:
        await client.post("/v1/chat/completions", {})
        texts = []
        while (data := await client.event_data()) is not None:
            texts.append(data["choices"][0]["delta"].get("content"))
        assert texts == ["", "one ", "two", None]


async def test_half_an_event_is_no_event() -> None:
    script = Script.of(Head(), Chunk(b"data: 1\n\nda"), End())
    async with ScriptedUpstream(script) as upstream, await LabClient.connect(upstream.url) as client:
        await client.get("/")
        assert await client.event() == b"data: 1\n\n"
        assert await client.event() is None


async def test_heads_and_interim_ones() -> None:
    script = Script.of(Interim(103), Head(429, ((b"Retry-After", b"7"),)), End())
    async with ScriptedUpstream(script) as upstream, await LabClient.connect(upstream.url) as client:
        await client.get("/")
        assert (client.interim, client.status) == ([103], 429)
        assert client.header(b"retry-after") == b"7"
        assert client.header(b"absent") is None


async def test_a_half_closed_client_still_hears() -> None:
    script = Script.of(Head(), Chunk(b"a"), Silence())
    async with ScriptedUpstream(script) as upstream, await LabClient.connect(upstream.url) as client:
        await client.get("/")
        assert await client.receive() == b"a"
        client.leave(Going.HALF_CLOSE)
        await upstream.wait_left(1)
        assert await client.receive() == b""
        assert client.ending is AnswerEnding.TRUNCATED


async def test_leaving_twice_is_harmless() -> None:
    async with ScriptedUpstream(Script.of(Silence())) as upstream, await LabClient.connect(upstream.url) as client:
        await client.post("/", b"x", await_head=False)
        await upstream.wait_received(1)
        assert client.leave(Going.RST) <= client.leave()
        assert len(await upstream.wait_left(1)) == 1


async def test_a_reset_that_a_write_has_met_is_no_clean_end() -> None:
    with trio.socket.socket() as listener:
        await listener.bind(("127.0.0.1", 0))
        listener.listen()
        async with await LabClient.connect(f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            accepted, _ = await listener.accept()
            await accepted.send(b"HTTP/1.1 200 OK\r\n\r\nhalf of")
            reset(accepted)
            with pytest.raises(trio.BrokenResourceError):
                await client.post("/", b"x")
            assert await client.rest() == b"half of"
            assert client.ending is AnswerEnding.RESET
