"""The scripted upstream over real sockets: every fault as a client sees it, every fact as it is noted."""

from __future__ import annotations

import ssl
import time

import pytest
import trio
import trustme

from trioproxy.lab.answers import chat, message_stream
from trioproxy.lab.client import LabClient
from trioproxy.lab.guest import AnswerEnding
from trioproxy.lab.received import Received
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
from trioproxy.lab.upstream import ScriptedUpstream

BY_LENGTH = Head(framing=Framing.LENGTH)
BY_CLOSE = Head(framing=Framing.CLOSE)
A = Chunk(b"aaa")


@pytest.mark.parametrize(
    ("script", "body", "ending"),
    [
        (Script.of(Head(), A, A, End()), b"aaaaaa", AnswerEnding.CLEAN),
        (Script.of(BY_LENGTH, A, End()), b"aaa", AnswerEnding.CLEAN),
        (Script.of(BY_CLOSE, A, End()), b"aaa", AnswerEnding.CLEAN),
        (Script.of(Head(204, framing=Framing.NONE), End()), b"", AnswerEnding.CLEAN),
        (Script.of(Head(), A, End()).byte_by_byte(), b"aaa", AnswerEnding.CLEAN),
        (Script.of(Interim(103), Head(), A, End()), b"aaa", AnswerEnding.CLEAN),
        (Script.of(Head(), A, Close()), b"aaa", AnswerEnding.TRUNCATED),
        (Script.of(Head(), A, Garble()), b"aaa", AnswerEnding.TRUNCATED),
        (Script.of(BY_LENGTH, A, Short(4)), b"aaa", AnswerEnding.TRUNCATED),
        (Script.of(Head(), A, 0.02, Reset()), b"aaa", AnswerEnding.RESET),
        (Script.of(Close()), b"", AnswerEnding.TRUNCATED),
        (Script.of(Reset()), b"", AnswerEnding.RESET),
        (Script.of(Raw(b"SMTP ready\r\n\r\n"), Silence()), b"", AnswerEnding.TRUNCATED),
    ],
)
async def test_what_a_client_sees(script: Script, body: bytes, ending: AnswerEnding) -> None:
    async with ScriptedUpstream(script) as upstream, await LabClient.connect(upstream.url) as client:
        await client.post("/v1/x", b"{}")
        got = await client.rest()

        assert (got, client.ending) == (body, ending)
        client.leave()
        await upstream.wait_closed()
        [received] = upstream.requests
        assert (received.answered_at is not None) == isinstance(script.ending, End)
        assert received.left == isinstance(script.ending, Garble | Silence)


async def test_a_request_is_noted_whole() -> None:
    async with ScriptedUpstream(chat("yes").script()) as upstream, await LabClient.connect(upstream.url) as client:
        await client.post("/v1/chat/completions?a=1", {"model": "m"}, ((b"X-Own", b"1"),))
        body = await client.rest()

        [received] = await upstream.wait_answered(1)
        assert (received.method, received.path, received.target) == (
            "POST",
            "/v1/chat/completions",
            "/v1/chat/completions?a=1",
        )
        assert received.json() == {"model": "m"}
        assert (b"X-Own", b"1") in received.headers
        assert received.head.raw.startswith(b"POST /v1/chat/completions?a=1 HTTP/1.1\r\n")
        assert received.body_at is not None
        assert received.connection.opened_at <= received.head_at <= received.body_at <= (received.answered_at or 0)
        assert received.sent_bytes > len(body)
        assert received.left_at is None


async def test_one_connection_takes_request_after_request() -> None:
    scripts = [Script.of(Head(), Chunk(b"%d" % number), End()) for number in range(3)]
    async with ScriptedUpstream(scripts) as upstream, await LabClient.connect(upstream.url) as client:
        for number in range(3):
            await client.post("/", b"x")
            assert await client.rest() == b"%d" % number
        assert len(upstream.connections) == 1
        assert [received.number for received in upstream.connections[0].requests] == [1, 2, 3]


async def test_a_connection_dropped_unannounced_is_no_broken_answer() -> None:
    script = Script.of(BY_LENGTH, A, End(hang_up=True))
    async with ScriptedUpstream(script) as upstream, await LabClient.connect(upstream.url) as client:
        await client.post("/", b"x")
        assert (await client.rest(), client.ending) == (b"aaa", AnswerEnding.CLEAN)
        await client.post("/", b"x")
        assert (client.status, client.ending) == (None, AnswerEnding.TRUNCATED)
        assert len(upstream.requests) == 1


async def test_an_early_answer_comes_before_the_body() -> None:
    script = Script.of(Head(413, framing=Framing.LENGTH), A, End(), take=Take.NOTHING)
    async with ScriptedUpstream(script) as upstream, await LabClient.connect(upstream.url) as client:
        await client.send("POST", "/", ((b"transfer-encoding", b"chunked"),), b"")
        assert await client.head() == 413
        assert await client.rest() == b"aaa"
        assert upstream.requests[0].body_at is None or not upstream.requests[0].body


async def test_a_body_can_be_read_beside_the_answer_and_slowly() -> None:
    script = Script.of(Head(), A, End(), take=Take.BESIDE, take_bytes_per_s=40_000)
    async with ScriptedUpstream(script) as upstream, await LabClient.connect(upstream.url) as client:
        await client.post("/", b"x" * 10_000)
        assert await client.rest() == b"aaa"
        [received] = await upstream.wait_whole(1)
        assert len(received.body) == 10_000
        assert received.answered_at is not None
        assert received.body_at is not None
        assert received.answered_at < received.body_at
        assert received.body_at - received.head_at > 0.08
        await client.post("/", b"again")
        assert await client.rest() == b"aaa"


async def test_a_function_sees_the_body() -> None:
    def choose(received: Received) -> Script:
        return Script.of(Head(), Chunk(bytes(received.body).upper()), End())

    async with ScriptedUpstream(choose) as upstream, await LabClient.connect(upstream.url) as client:
        await client.post("/", b"loud")
        assert await client.rest() == b"LOUD"


async def test_a_function_asked_at_the_head_may_leave_the_body() -> None:
    def choose(received: Received) -> Script:
        return Script.of(Head(), Chunk(b"%d" % len(received.body)), End())

    async with (
        ScriptedUpstream(choose, at_head=True) as upstream,
        await LabClient.connect(upstream.url) as client,
    ):
        await client.post("/", b"loud")
        assert await client.rest() == b"0"


async def test_more_requests_than_scripts_is_an_error() -> None:
    async def ask_twice() -> None:
        async with (
            ScriptedUpstream([Script.of(Head(), End())]) as upstream,
            await LabClient.connect(upstream.url) as client,
        ):
            await client.post("/", b"x")
            await client.rest()
            await client.post("/", b"x")

    with pytest.raises(LookupError, match="request 2"):
        await ask_twice()


async def test_a_refusing_port_refuses() -> None:
    async with ScriptedUpstream(Script.of(Refuse())) as upstream:
        with pytest.raises(OSError, match="all attempts to connect"):
            await LabClient.connect(upstream.url)


async def test_an_unreachable_port_lets_connecting_hang() -> None:
    async with ScriptedUpstream(Script.of(Unreachable())) as upstream:
        with trio.move_on_after(0.3) as scope:
            await LabClient.connect(upstream.url)
        assert scope.cancelled_caught


@pytest.mark.parametrize("wrong", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n broken: 1\r\n\r\n"])
async def test_what_is_no_request_is_noted(wrong: bytes) -> None:
    async with ScriptedUpstream(Script.of(Head(), End())) as upstream:
        async with await trio.open_tcp_stream("127.0.0.1", upstream.port) as stream:
            await stream.send_all(wrong)
            assert await stream.receive_some() == b""
        assert len(upstream.malformed) == 1
        assert upstream.requests == []


async def test_over_tls() -> None:
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    async with ScriptedUpstream(Script.of(BY_CLOSE, A, End()), tls=server) as upstream:
        plain = await trio.open_tcp_stream("127.0.0.1", upstream.port)
        async with trio.SSLStream(plain, client, server_hostname="127.0.0.1", https_compatible=True) as stream:
            await stream.send_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            answer = b""
            while data := await stream.receive_some():
                answer += data
        assert answer.endswith(b"\r\n\r\naaa")
        assert upstream.url.startswith("https://")


async def test_a_stream_keeps_its_pace() -> None:
    answer = message_stream("one two three")
    async with (
        ScriptedUpstream(answer.script(every_s=0.01)) as upstream,
        await LabClient.connect(upstream.url) as client,
    ):
        begun_at = time.monotonic()
        await client.post("/v1/messages", {"stream": True})
        events = []
        while (event := await client.event()) is not None:
            events.append(event)
        assert tuple(events) == answer.parts
        assert time.monotonic() - begun_at >= 0.01 * len(events)


async def test_a_wait_that_is_not_met_says_what_was_seen() -> None:
    async with ScriptedUpstream(Script.of(Silence())) as upstream:
        with pytest.raises(TimeoutError, match=r"two of them did not come within 0.01 s; seen: "):
            await upstream.wait_until(lambda: False, "two of them", within_s=0.01)


async def test_an_answer_to_head_has_no_body() -> None:
    answer = b""
    async with (
        ScriptedUpstream(Script.of(Head(), A, End())) as upstream,
        await trio.open_tcp_stream("127.0.0.1", upstream.port) as stream,
    ):
        await stream.send_all(b"HEAD / HTTP/1.1\r\nconnection: close\r\n\r\n")
        while data := await stream.receive_some():
            answer += data
    assert answer == b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


async def test_it_asks_for_a_body_that_waits_to_be_asked_for() -> None:
    async with ScriptedUpstream(Script.of(BY_LENGTH, A, End())) as upstream:
        async with await trio.open_tcp_stream("127.0.0.1", upstream.port) as stream:
            await stream.send_all(b"POST / HTTP/1.1\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n")
            assert await stream.receive_some() == b"HTTP/1.1 100 Continue\r\n\r\n"
            await stream.send_all(b"ab")
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 200 OK")
        assert upstream.requests[0].body == b"ab"
