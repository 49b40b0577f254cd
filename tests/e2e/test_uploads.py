"""Uploads that stream through: held back by a slow upstream, left behind by their client, silent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import trio
from support.h1 import H1Client
from support.h2c import H2Client
from support.server import RunningProxy, running_proxy

from trioproxy.lab.script import Script, Silence, Take
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.store.reading import Record

# More than the buffers on the way hold: the proxy's client is stopped in the middle.
MUCH = bytes(64 << 20)
WITHIN_S = 5.0


async def upload_h1(port: int, how: str, stuck: trio.Event) -> None:
    async with await H1Client.connect(port) as client:
        await client.send(b"POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(MUCH))
        with trio.move_on_after(1.0):  # by then no more is taken
            await client.send(MUCH)
        stuck.set()
        client.reset() if how == "RST" else client.close()


async def upload_h2c(port: int, how: str, stuck: trio.Event) -> None:
    async with await H2Client.connect(port) as client:
        stream = await client.request("POST", "/v1/files", end=False)
        with trio.move_on_after(1.0):
            await client.data(stream, MUCH)
        stuck.set()
        if how == "RST":
            client.reset()
        elif how == "RST_STREAM":
            await client.rst_stream(stream)
            await trio.sleep_forever()


@pytest.mark.parametrize(
    ("path", "outcome"), [("/v1/messages", None), ("/v1/files", "abandoned"), ("/openai/v1/chat/completions", None)]
)
async def test_a_body_whose_framing_is_broken(path: str, outcome: str | None, tmp_path: Path) -> None:
    """The client is there and reading: it is answered in its API's shape, and its row says so."""
    async with ScriptedUpstream(Script.of(Silence(), take=Take.BESIDE)) as upstream:
        settings = {"providers": {name: {"base_url": upstream.url} for name in ("anthropic", "openai")}}
        async with running_proxy(tmp_path, settings) as proxy, await H1Client.connect(proxy.port) as client:
            client.expect("POST")
            await client.send(b"POST %b HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n" % path.encode())
            await client.send(b"5\r\nhello\r\n")
            if outcome:
                await upstream.wait_received(1)
            await client.send(b"zz\r\n")
            reply = await client.reply()
            [row] = await proxy.settled(1) if outcome else await until_ended(proxy)

    assert (reply.status, reply.head.header(b"x-trioproxy-error"), reply.complete) == (400, b"bad_request", True)
    error = json.loads(reply.body)["error"]
    assert error["type"] == "invalid_request_error"
    assert ("code" in error) == path.startswith("/openai")
    assert (row["outcome"], row["status"], row["call_outcome"]) == ("rejected", 400, outcome)
    assert row["id"] == (reply.head.header(b"x-trioproxy-id") or b"").decode()


async def until_ended(proxy: RunningProxy) -> list[Record]:
    """The rows, once there is one without a call and it has ended."""
    with trio.fail_after(WITHIN_S):
        while not (rows := proxy.rows() if proxy.ledger_path.exists() else []) or not rows[0]["ended_at"]:  # noqa: ASYNC110
            await trio.sleep(0.01)
    return rows


@pytest.mark.slow
@pytest.mark.parametrize(("protocol", "how"), [("h1", "RST"), ("h2c", "RST"), ("h2c", "RST_STREAM")])
async def test_a_client_that_leaves_an_upload_which_is_held_back(protocol: str, how: str, tmp_path: Path) -> None:
    script = Script.of(Silence(), take=Take.NOTHING)
    settings = "[timeouts]\nwrite = 600.0\n"
    async with ScriptedUpstream(script) as upstream:
        settings += f'[providers.anthropic]\nbase_url = "{upstream.url}"\n'
        async with running_proxy(tmp_path, settings) as proxy, trio.open_nursery() as nursery:
            stuck = trio.Event()
            nursery.start_soon(upload_h1 if protocol == "h1" else upload_h2c, proxy.port, how, stuck)
            await stuck.wait()
            await upstream.wait_until(lambda: bool(upstream.left), "the departure", within_s=WITHIN_S)
            [row] = await proxy.settled(1)
            nursery.cancel_scope.cancel()

    assert (row["call_outcome"], row["outcome"]) == ("abandoned", "client_left")
