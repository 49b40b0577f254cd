"""What a script is over HTTP/2, as a client sees it that is not ours: every step, every ending."""

from __future__ import annotations

import pytest
from h2.errors import ErrorCodes
from support.h2c import H2Client, H2Reply

from trioproxy.lab.answers import message_stream
from trioproxy.lab.script import (
    Chunk,
    Close,
    End,
    Framing,
    Garble,
    GoAway,
    Head,
    Interim,
    Raw,
    Reset,
    RstStream,
    Script,
    Short,
    Silence,
    Take,
)
from trioproxy.lab.upstream import ScriptedUpstream

A = Chunk(b"aaa")
BY_LENGTH = Head(headers=((b"X-Own", b"1"),), framing=Framing.LENGTH)


async def ask(upstream: ScriptedUpstream, method: str = "POST") -> tuple[H2Client, H2Reply]:
    """What came of one request, to its end."""
    async with await H2Client.connect(upstream.port) as client:
        reply = await client.reply(await client.request(method, "/v1/x", body=b"{}"))
        return client, reply


@pytest.mark.parametrize(
    "script",
    [
        Script.of(Head(), A, A, End()),
        Script.of(BY_LENGTH, A, A, End()),
        Script.of(Head(framing=Framing.CLOSE), A, A, End()),
        Script.of(Interim(103, ((b"link", b"x"),)), Head(), A, A, End()),
        Script.of(Head(), A, A, End(hang_up=True)),
        Script.of(Head(headers=((b"connection", b"close"),)), A, A, End()).byte_by_byte(),
    ],
)
async def test_a_whole_answer(script: Script) -> None:
    async with ScriptedUpstream(script) as upstream:
        _, reply = await ask(upstream)
        [received] = await upstream.wait_answered(1)

        assert (reply.status, bytes(reply.body), reply.complete) == (200, b"aaaaaa", True)
        assert not {b"transfer-encoding", b"connection"} & {name for name, _ in reply.headers}
        assert received.sent_bytes >= len(reply.body) + 9 * (6 if script.write_bytes else 2)
        assert received.connection.protocol == "HTTP/2"


async def test_the_length_and_the_headers_are_told() -> None:
    async with ScriptedUpstream(Script.of(BY_LENGTH, A, End())) as upstream:
        _, reply = await ask(upstream)

        assert (reply.header(b"content-length"), reply.header(b"x-own")) == (b"3", b"1")


@pytest.mark.parametrize(
    ("script", "method"),
    [
        (Script.of(Head(204, framing=Framing.NONE), End()), "POST"),
        (Script.of(BY_LENGTH, A, End()), "HEAD"),
    ],
)
async def test_an_answer_without_a_body(script: Script, method: str) -> None:
    async with ScriptedUpstream(script) as upstream:
        _, reply = await ask(upstream, method)

        assert (reply.body, reply.complete) == (b"", True)


@pytest.mark.parametrize(
    ("ending", "reset_code", "goaway_code"),
    [
        (RstStream(), ErrorCodes.INTERNAL_ERROR, None),
        (RstStream(8), ErrorCodes.CANCEL, None),
        (GoAway(11), None, ErrorCodes.ENHANCE_YOUR_CALM),
        (Close(), None, None),
        (Reset(), None, None),
    ],
)
@pytest.mark.parametrize("before", [(), (Head(), A)])
async def test_a_broken_answer(
    before: tuple[Head, Chunk], ending: RstStream | GoAway, reset_code: int | None, goaway_code: int | None
) -> None:
    async with ScriptedUpstream(Script.of(*before, ending)) as upstream:
        client, reply = await ask(upstream)
        await upstream.wait_closed()

        assert (reply.complete, reply.reset_code, client.goaway_code) == (False, reset_code, goaway_code)
        assert bytes(reply.body) in (b"aaa" if before else b"", b"")
        assert upstream.requests[0].answered_at is None


async def test_a_garbled_answer() -> None:
    async with ScriptedUpstream(Script.of(Head(), A, Garble())) as upstream:
        client, reply = await ask(upstream)

        assert (reply.complete, client.ended) == (False, True)
        await upstream.wait_closed()


async def test_a_short_answer_ends_as_if_it_were_whole() -> None:
    async with ScriptedUpstream(Script.of(BY_LENGTH, A, Short(2))) as upstream:
        client, reply = await ask(upstream)

        # The state machine of the client finds the lie (RFC 9113, 8.1.1).
        assert (reply.header(b"content-length"), reply.complete, client.ended) == (b"5", False, True)


async def test_bytes_that_are_no_frame() -> None:
    async with ScriptedUpstream(Script.of(Raw(b"\0\0\1\0\0\0\0\0\0z"), Silence())) as upstream:
        client, reply = await ask(upstream)

        assert (client.ended, reply.status) == (True, None)


async def test_others_go_on_when_one_is_reset() -> None:
    scripts = [Script.of(Head(), A, RstStream()), message_stream("One two.").script(every_s=0.01)]
    async with ScriptedUpstream(scripts) as upstream, await H2Client.connect(upstream.port) as client:
        first, second = await client.request("POST", body=b"{}"), await client.request("POST", body=b"{}")

        assert (await client.reply(first)).reset_code == ErrorCodes.INTERNAL_ERROR
        assert (await client.reply(second)).complete
        assert len(upstream.connections) == 1


async def test_what_ends_the_connection_ends_all_of_it() -> None:
    scripts = [Script.of(Head(), A, Silence()), Script.of(Close())]
    async with ScriptedUpstream(scripts) as upstream, await H2Client.connect(upstream.port) as client:
        first = await client.request("POST", body=b"{}")
        await client.body(first, 3)
        await client.request("POST", body=b"{}")
        await client.wait_closed()

        assert not client.replies[first].complete
        client.close()
        await upstream.wait_closed()
        assert [received.over_at is not None for received in upstream.requests] == [True, True]


async def test_the_windows_are_kept_to() -> None:
    script = Script.of(Head(), Chunk(b"x" * 200_000), End())
    async with ScriptedUpstream(script) as upstream:
        client = await H2Client.connect(upstream.port, grant=False, window_bytes=1000)
        async with client:
            stream_id = await client.request("POST", body=b"{}")
            reply = await client.body(stream_id, 1000)
            assert len(reply.body) == 1000
            await upstream.wait_until(lambda: upstream.requests[0].sent_bytes > 0, "bytes")
            assert upstream.requests[0].sent_bytes == 1000 + 9
            client.grant = True
            client.acknowledge(stream_id, 100_000)
            await client.flush()
            assert len((await client.reply(stream_id)).body) == 200_000


async def test_an_early_answer_says_that_no_more_is_wanted() -> None:
    script = Script.of(Head(413), A, End(), take=Take.NOTHING)
    async with ScriptedUpstream(script) as upstream, await H2Client.connect(upstream.port) as client:
        stream_id = await client.request("POST", body=b"x", end=False)
        reply = await client.reply(stream_id)
        assert (reply.status, reply.complete) == (413, True)
        await client.until(lambda: reply.reset_code is not None)
        assert reply.reset_code == ErrorCodes.NO_ERROR
        assert not upstream.requests[0].body
