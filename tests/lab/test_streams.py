"""An HTTP/2 connection of a scripted upstream: requests are noted, and every departure, on its stream."""

from __future__ import annotations

import ssl

import pytest
import trio
import trustme
from support.h2c import H2Client

from trioproxy.lab.script import Chunk, End, Head, Script, Silence, Take
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.sockets import reset

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = bytes.fromhex("000000 04 00 00000000")
PING = bytes.fromhex("000008 06 00 00000000") + bytes(8)

A = Chunk(b"aaa")
SCRIPTS = [
    pytest.param(Script.of(Silence()), id="before the head"),
    pytest.param(Script.of(Head(), A, 3600.0, A, End()), id="between chunks"),
    pytest.param(Script.of(Head(), A, Chunk(b"b" * 50_000_000), End()), id="while it cannot send"),
    pytest.param(Script.of(3600.0, Head(), End(), take=Take.NOTHING), id="while it does not read"),
]


async def test_a_request_is_noted() -> None:
    async with ScriptedUpstream(Script.of(Head(), End())) as upstream:
        async with await H2Client.connect(upstream.port) as client:
            await client.reply(await client.request("POST", "/a?b", ((b"x-own", b"1"),), b"{}"))
        [received] = await upstream.wait_whole(1)

        assert (received.method, received.target, received.path, received.json()) == ("POST", "/a?b", "/a", {})
        assert (received.header(b"host"), received.header(b"x-own")) == (b"localhost", b"1")
        assert received.head_at <= (received.body_at or 0) <= (received.answered_at or 0)
        await upstream.wait_closed()
        assert (received.left_at, received.connection.left_by) == (None, "FIN")


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("how", ["RST_STREAM", "GOAWAY", "FIN", "RST"])
async def test_a_departure_is_noticed_at_once(script: Script, how: str) -> None:
    async with ScriptedUpstream(script) as upstream:
        client = await H2Client.connect(upstream.port)
        stream_id = await client.request("POST", body=b"x")
        await upstream.wait_received(1)
        left_at = trio.current_time()
        match how:
            case "RST_STREAM":
                await client.rst_stream(stream_id)
            case "GOAWAY":
                await client.goaway()
            case "FIN":
                client.close()
            case "RST":
                client.reset()
        [received] = await upstream.wait_left(1)

        assert trio.current_time() - left_at < 0.5
        # The kernel answers a FIN's unread bytes with RST.
        assert received.left_by in (how, "RST" if how == "FIN" else how)
        assert received.answered_at is None
        client.close()
        await upstream.wait_closed()
        assert received.over_at is not None


async def test_a_reset_that_a_write_has_met_is_no_clean_end() -> None:
    """The answer to a ping meets it, or whoever reads does, or whoever watches: all orders come in so many rounds."""
    async with ScriptedUpstream(Script.of(Silence())) as upstream:
        for _ in range(40):
            stream = await trio.open_tcp_stream("127.0.0.1", upstream.port)
            await stream.send_all(PREFACE + SETTINGS)
            assert await stream.receive_some()
            await stream.send_all(PING)
            reset(stream.socket)
        await upstream.wait_closed()
        assert {connection.left_by for connection in upstream.connections} == {"RST"}


async def test_one_that_is_withdrawn_leaves_the_others_alone() -> None:
    scripts = [Script.of(Head(), A, Silence()), Script.of(Head(), A, 0.05, A, End())]
    async with ScriptedUpstream(scripts) as upstream, await H2Client.connect(upstream.port) as client:
        first, second = await client.request("POST", body=b"{}"), await client.request("POST", body=b"{}")
        await client.body(first, 1)
        await client.rst_stream(first)

        assert (await client.reply(second)).complete
        assert [received.left_by for received in upstream.requests] == ["RST_STREAM", None]
        assert upstream.connections[0].left_by is None


async def test_a_farewell_and_fin_in_one_go_is_the_farewell() -> None:
    async with ScriptedUpstream(Script.of(Head(), A, Silence())) as upstream:
        client = await H2Client.connect(upstream.port)
        stream_id = await client.request("POST", body=b"{}")
        await client.body(stream_id, 1)
        await client.rst_stream(stream_id)
        client.close()
        [received] = await upstream.wait_left(1)

        assert received.left_by == "RST_STREAM"
        await upstream.wait_closed()
        assert upstream.connections[0].left_by == "FIN"


async def test_over_tls() -> None:
    authority = trustme.CA()
    server, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(trusting)
    server.set_alpn_protocols(["h2", "http/1.1"])
    trusting.set_alpn_protocols(["h2"])
    async with ScriptedUpstream(Script.of(Head(), A, Silence()), tls=server) as upstream:
        client = await H2Client.connect(upstream.port, tls=trusting)
        await client.body(await client.request("POST", body=b"{}"), 3)
        client.close()
        [received] = await upstream.wait_left(1)

        assert received.left_by == "FIN"


@pytest.mark.parametrize("wrong", [b"nonsense", b"SM\r\n\r\n" + b"\0\0\1\0\0\0\0\0\0z"])
async def test_what_is_no_http2_is_noted(wrong: bytes) -> None:
    async with ScriptedUpstream(Script.of(Head(), End())) as upstream:
        async with await trio.open_tcp_stream("127.0.0.1", upstream.port) as stream:
            await stream.send_all(b"PRI * HTTP/2.0\r\n\r\n" + wrong)
            await upstream.wait_closed()

        assert len(upstream.malformed) == 1
        assert upstream.requests == []


async def test_more_requests_than_scripts_is_an_error() -> None:
    async def ask_twice() -> None:
        async with (
            ScriptedUpstream([Script.of(Head(), End())]) as upstream,
            await H2Client.connect(upstream.port) as client,
        ):
            await client.reply(await client.request("POST", body=b"x"))
            await client.reply(await client.request("POST", body=b"x"))

    with pytest.raises(LookupError, match="request 2"):
        await ask_twice()
