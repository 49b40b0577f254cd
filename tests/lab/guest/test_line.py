"""Getting to a server: plainly, through TLS, or not at all."""

from __future__ import annotations

import ssl

import pytest
import trio
import trustme

from trioproxy.lab.guest import AnswerEnding, Manner, Seen, play_client
from trioproxy.lab.guest.line import Way
from trioproxy.lab.script import (
    AtByte,
    Chunk,
    ClientScript,
    Close,
    End,
    Going,
    Head,
    Leave,
    Script,
    Silence,
    Unreachable,
)
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.sockets import reset

SCRIPT = Script.of(Head(), Chunk(b"aaa"), End())


async def test_a_reset_that_a_write_has_met_is_no_end() -> None:
    with trio.socket.socket() as listener:
        await listener.bind(("127.0.0.1", 0))
        listener.listen()
        wire = await Way(listener.getsockname()).connect()
        accepted, _ = await listener.accept()
        reset(accepted)
        with pytest.raises(trio.BrokenResourceError):
            await wire.stream.send_all(b"x")
        with pytest.raises(trio.BrokenResourceError):
            await wire.stream.receive_some()
        wire.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_tls(authority: trustme.CA, *alpn: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def client_tls(authority: trustme.CA, *alpn: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


async def ask(
    port: int, protocol: str, tls: ssl.SSLContext | None, script: ClientScript | None = None, patience_s: float = 5.0
) -> Seen:
    return await play_client(
        script or ClientScript(), ("127.0.0.1", port), protocol, tls=tls, manner=Manner(patience_s=patience_s)
    )


@pytest.mark.parametrize(
    ("protocol", "alpn", "spoken"),
    [("h2", ("h2",), "HTTP/2"), ("h1", ("http/1.1",), "HTTP/1.1"), ("h1", (), "HTTP/1.1")],
)
async def test_through_tls(authority: trustme.CA, protocol: str, alpn: tuple[str, ...], spoken: str) -> None:
    async with ScriptedUpstream(SCRIPT, tls=server_tls(authority, "h2", "http/1.1")) as upstream:
        seen = await ask(upstream.port, protocol, client_tls(authority, *alpn))

        assert (seen.last.ending, seen.last.body) == (AnswerEnding.CLEAN, b"aaa")
        assert upstream.connections[0].protocol == spoken


@pytest.mark.parametrize("how", [Going.FIN, Going.RST, Going.RST_STREAM, Going.GOAWAY, Going.DROPPED])
async def test_leaving_through_tls(authority: trustme.CA, how: Going) -> None:
    script = Script.of(Head(), Chunk(b"aaa"), Silence())
    async with ScriptedUpstream(script, tls=server_tls(authority, "h2")) as upstream:
        leaving = ClientScript(steps=((AtByte(1), Leave(how)),))
        seen = await ask(upstream.port, "h2", client_tls(authority, "h2"), leaving)
        [received] = await upstream.wait_left(1)

        assert received.left_by == ("FIN" if how is Going.DROPPED else how)
        assert received.left_at is not None
        assert seen.last.left_at is not None
        assert 0 <= received.left_at - seen.last.left_at < 0.5


async def test_a_connection_that_ends_without_the_farewell_of_tls_is_truncated(authority: trustme.CA) -> None:
    script = Script.of(Head(), Chunk(b"aaa"), Close())
    async with ScriptedUpstream(script, tls=server_tls(authority, "h2", "http/1.1")) as upstream:
        for protocol, alpn in (("h2", "h2"), ("h1", "http/1.1")):
            seen = await ask(upstream.port, protocol, client_tls(authority, alpn))
            assert seen.last.ending is AnswerEnding.TRUNCATED


async def test_a_protocol_that_is_not_agreed_on(authority: trustme.CA) -> None:
    async with ScriptedUpstream(SCRIPT, tls=server_tls(authority)) as upstream:
        seen = await ask(upstream.port, "h2", client_tls(authority, "h2"))

        assert (seen.last.ending, seen.last.note) == (
            AnswerEnding.REFUSED,
            "TLS: h2 was not agreed on, but nothing",
        )


async def test_a_server_that_is_not_trusted(authority: trustme.CA) -> None:
    async with ScriptedUpstream(SCRIPT, tls=server_tls(authority, "h2")) as upstream:
        seen = await ask(upstream.port, "h2", client_tls(trustme.CA(), "h2"))

        assert seen.last.ending is AnswerEnding.REFUSED
        assert "certificate verify failed" in seen.last.note


async def test_a_server_that_does_not_answer_in_tls(authority: trustme.CA) -> None:
    async with ScriptedUpstream(SCRIPT) as upstream:
        seen = await ask(upstream.port, "h2", client_tls(authority, "h2"), patience_s=0.2)

        assert (seen.last.ending, seen.last.note) == (AnswerEnding.REFUSED, "no connection within 0.2 s")


async def test_a_server_that_cannot_be_reached() -> None:
    async with ScriptedUpstream(Script.of(Unreachable())) as upstream:
        seen = await ask(upstream.port, "h1", None, patience_s=0.2)

        assert (seen.last.ending, seen.last.connected_at) == (AnswerEnding.REFUSED, None)


async def test_a_server_that_speaks_no_tls(authority: trustme.CA) -> None:
    async def answer(stream: trio.SocketStream) -> None:
        await stream.send_all(b"220 SMTP ready\r\n")
        await stream.receive_some()

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, answer, listeners)
        seen = await ask(listeners[0].socket.getsockname()[1], "h2", client_tls(authority, "h2"))
        nursery.cancel_scope.cancel()

    assert seen.last.ending is AnswerEnding.REFUSED
    assert seen.last.note.startswith("TLS: ")
