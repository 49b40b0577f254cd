"""The end of an answer whose last bytes are still in a buffer of ours, and bytes that come after a request's end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import trio
from support.guest import Guest
from support.h1 import H1Client
from support.server import RunningProxy, running_proxy

from trioproxy.lab.client import LabClient
from trioproxy.lab.script import Chunk, End, Framing, Head, Script
from trioproxy.lab.upstream import ScriptedUpstream

JSON = ((b"content-type", b"application/json"),)
BODY = b'{"model":"m"}'


def answer(length: int) -> Script:
    return Script.of(Head(headers=JSON, framing=Framing.LENGTH), Chunk(b'"' + b"y" * (length - 2) + b'"'), End())


async def in_flight(proxy: RunningProxy) -> int:
    """Requests that the proxy has not done with, this question apart."""
    async with await LabClient.connect(proxy.url) as client:
        await client.get("/_trioproxy/ready")
        await client.head()
        requests: int = json.loads(await client.rest())["requests"]
        return requests - 1


@pytest.mark.parametrize(
    ("protocol", "length", "sign"),
    [
        ("h1", 64_000, "FIN"),
        ("h1", 64_000, "RST"),
        ("h2c", 20_000, "h2 RST_STREAM"),
        ("h2c", 20_000, "h2 GOAWAY"),
        ("h2c", 20_000, "h2 connection dropped"),
    ],
)
async def test_an_answer_that_was_not_taken_to_its_end_is_not_delivered(
    protocol: str, length: int, sign: str, tmp_path: Path
) -> None:
    """The call is complete, and all of it had left the relay: the client did not get it all the same."""
    async with ScriptedUpstream(answer(length)) as upstream:
        settings = {"providers": {"anthropic": {"base_url": upstream.url}}}
        async with running_proxy(tmp_path, settings) as proxy:
            guest = await Guest.arrive(protocol, proxy.port, reads=False, window_bytes=4_000, buffer_bytes=2_048)
            await guest.ask("/v1/messages", BODY)
            await upstream.wait_answered(1)
            if protocol == "h2c":
                await guest.taste()
            assert await in_flight(proxy) == 1
            await guest.leave(sign)
            [row] = await proxy.settled(1)
            guest.close()

    assert (row["call_outcome"], row["outcome"]) == ("completed", "client_left")


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
async def test_bytes_after_the_last_request_of_a_connection_are_ignored(version: bytes, tmp_path: Path) -> None:
    """RFC 9112, 9.6: they must not cost the client its answer."""
    script = Script.of(0.2, Head(headers=JSON, framing=Framing.LENGTH), Chunk(b"{}"), End())
    async with ScriptedUpstream(script) as upstream:
        settings = {"providers": {"anthropic": {"base_url": upstream.url}}}
        async with running_proxy(tmp_path, settings) as proxy, await H1Client.connect(proxy.port) as client:
            client.expect("POST")
            head = b"POST /v1/messages HTTP/%b\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            await client.send(head % (version, len(BODY)) + BODY + b"\r\n")
            await upstream.wait_whole(1)
            await client.send(b"\r\n")
            reply = await client.reply()
            [row] = await proxy.settled(1)

    assert (reply.status, reply.body, reply.complete) == (200, b"{}", True)
    assert (row["call_outcome"], row["outcome"]) == ("completed", "delivered")


@pytest.mark.slow
async def test_the_last_rows_are_waited_for(tmp_path: Path) -> None:
    """A ledger that is locked at the end has longer than a lifespan's tasks are given by default (5 s)."""
    import sqlite3

    async with ScriptedUpstream(answer(100)) as upstream:
        settings = {"providers": {"anthropic": {"base_url": upstream.url}}, "server": {"graceful_timeout": 0.2}}
        async with running_proxy(tmp_path, settings) as proxy:
            guest = await Guest.arrive("h1", proxy.port)
            locking = sqlite3.connect(proxy.ledger_path, isolation_level=None)
            locking.execute("BEGIN EXCLUSIVE")
            await guest.ask("/v1/messages", BODY)
            assert (await guest.stay()).complete
            guest.close()
            async with trio.open_nursery() as nursery:

                async def unlock() -> None:
                    await trio.sleep(8)
                    locking.execute("ROLLBACK")
                    locking.close()

                nursery.start_soon(unlock)
                status = await proxy.stop()
            [row] = proxy.rows()

    assert status == 0
    assert (row["call_outcome"], row["outcome"]) == ("completed", "delivered")
