"""A client's script over HTTP/2, against a server that is not ours."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from support.hypercorn_server import serving

from trioproxy.lab.guest import AnswerEnding, Manner, play_client
from trioproxy.lab.script import Ask, AtByte, ClientScript, Going, Leave

LONG = b"x" * 200_000


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Echoes; /forever never ends, /short announces more than it sends."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = [(b"content-length", b"%d" % (len(body) + 1))] if scope["path"] == "/short" else []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": scope["path"] == "/forever"})
    if scope["path"] == "/forever":
        await trio.sleep_forever()


async def test_a_long_body_goes_and_comes() -> None:
    async with serving(app) as served:
        seen = await play_client(ClientScript(Ask("/", LONG)), ("127.0.0.1", served.port), "h2c")

    assert (seen.last.status, seen.last.ending) == (200, AnswerEnding.CLEAN)
    assert seen.last.body == LONG


async def test_a_hang_is_told() -> None:
    script = ClientScript(Ask("/forever", b"abc"))
    async with serving(app) as served:
        seen = await play_client(script, ("127.0.0.1", served.port), "h2c", manner=Manner(patience_s=0.1))

    assert (seen.last.body, seen.last.ending) == (b"abc", AnswerEnding.HANG)


@pytest.mark.parametrize("how", [Going.RST_STREAM, Going.GOAWAY, Going.FIN, Going.RST, Going.DROPPED])
async def test_it_leaves(how: Going) -> None:
    script = ClientScript(Ask("/forever", b"abc"), ((AtByte(1), Leave(how)),))
    async with serving(app) as served:
        seen = await play_client(script, ("127.0.0.1", served.port), "h2c", manner=Manner(linger_s=0.05))

    assert (seen.last.left_by, seen.last.ending, seen.last.size_bytes) == (how, None, 3)
