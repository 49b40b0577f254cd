"""Requests that cannot be served: each gets its status in the shape of its API, and hurts nobody else.

Every scene has a healthy stream on another connection, which has to go on after each of them.
What is wrong below HTTP's own rules is in test_malformed.py.
"""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import trio
import zstandard
from support.captures import captured
from support.h1 import H1Client, Reply
from support.h2c import H2Client, H2Reply
from support.ours import is_ours
from support.pulse import beside_a_pulse

from trioproxy.lab.answers import answer_to
from trioproxy.lab.received import Received
from trioproxy.lab.script import Script
from trioproxy.model import RawHeaders

pytestmark = pytest.mark.slow

PROTOCOLS = ("h1", "h2c")
LIMIT_BYTES = 10_000
SERVER = {"max_request_bytes": LIMIT_BYTES, "request_silence": 0.4}
MESSAGES, CHAT, RESPONSES, FILES = "/v1/messages", "/openai/v1/chat/completions", "/openai/v1/responses", "/v1/files"


@dataclass(frozen=True, slots=True)
class Bad:
    """A request, what it is answered, and its row: (exchange, call), or None where it has none."""

    path: str
    status: int
    code: str
    row: tuple[str, str | None] | None
    headers: RawHeaders = ()
    body: bytes = b"{}"
    # Nothing comes after `body`, though it is not the end.
    silent: bool = False


REJECTED = ("rejected", None)
SAYS_TOO_MUCH = ((b"content-length", b"%d" % (LIMIT_BYTES + 1)),)
# Far more than is allowed, and still coming when the answer is out.
FLOOD = b"x" * 3_000_000
FLOOD_LENGTH = ((b"content-length", b"%d" % len(FLOOD)),)

BAD = (
    Bad("/nobody/v1/chat/completions", 404, "unknown_provider", None),
    Bad("/nothing/at/all", 404, "not_found", None),
    Bad("/api/v1/messages", 404, "not_found", None),
    # Too long by its own word; then the same while the body comes all the same; then it turns out.
    Bad(MESSAGES, 413, "request_too_large", REJECTED, SAYS_TOO_MUCH, b"{", silent=True),
    Bad(CHAT, 413, "request_too_large", REJECTED, SAYS_TOO_MUCH, b"{", silent=True),
    Bad(MESSAGES, 413, "request_too_large", REJECTED, FLOOD_LENGTH, FLOOD),
    Bad(RESPONSES, 413, "request_too_large", REJECTED, FLOOD_LENGTH, FLOOD),
    Bad(MESSAGES, 413, "request_too_large", REJECTED, body=FLOOD),
    Bad(CHAT, 413, "request_too_large", REJECTED, body=FLOOD),
    # Falls silent: a request that is read whole, an upload that is under way, one that has not begun.
    Bad(MESSAGES, 408, "request_timeout", REJECTED, body=b'{"model"', silent=True),
    Bad(CHAT, 408, "request_timeout", REJECTED, body=b'{"model"', silent=True),
    Bad(FILES, 408, "request_timeout", ("rejected", "abandoned"), body=b"abc", silent=True),
    Bad(FILES, 408, "request_timeout", REJECTED, body=b"", silent=True),
)


def says(received: Received) -> Script:
    return answer_to(received.path, received.headers, bytes(received.body), "Yes.").script()


async def ask(protocol: str, port: int, bad: Bad) -> Reply | H2Reply:
    """Send it, and read the answer while the rest of the body is still being sent."""
    with trio.fail_after(10):
        return await (ask_h1 if protocol == "h1" else ask_h2c)(port, bad)


async def ask_h1(port: int, bad: Bad) -> Reply:
    lines = [b"POST %b HTTP/1.1" % bad.path.encode(), b"host: localhost", *(b"%b: %b" % each for each in bad.headers)]
    body = bad.body
    if not any(name == b"content-length" for name, _ in bad.headers):
        lines.append(b"transfer-encoding: chunked")
        body = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        body += b"" if bad.silent else b"0\r\n\r\n"
    async with await H1Client.connect(port) as client, trio.open_nursery() as nursery:

        async def send() -> None:
            with suppress(trio.BrokenResourceError):  # the server has closed: its answer says why
                await client.send(b"\r\n".join(lines) + b"\r\n\r\n" + body)

        client.expect("POST")
        nursery.start_soon(send)
        reply = await client.reply()
        nursery.cancel_scope.cancel()
    return reply


async def ask_h2c(port: int, bad: Bad) -> H2Reply:
    async with await H2Client.connect(port) as client, trio.open_nursery() as nursery:
        stream = await client.request("POST", bad.path, bad.headers, end=False)

        async def send() -> None:
            await client.data(stream, bad.body, end=not bad.silent)

        nursery.start_soon(send)
        reply = await client.reply(stream)
        nursery.cancel_scope.cancel()
        # The other streams of the connection live on.
        assert (await client.reply(await client.request("GET", "/"))).status == 200
    return reply


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_refused(protocol: str, tmp_path: Path) -> None:
    async with beside_a_pulse(tmp_path, says, server=SERVER, replay={"enabled": False}) as (stage, pulse):
        booked = []
        for bad in BAD:
            message = is_ours(await ask(protocol, stage.proxy.port, bad), bad.status, bad.code, path=bad.path)
            assert bad.code != "unknown_provider" or "'nobody'; the configured ones are: anthropic, cere" in message
            if bad.row:
                booked.append((bad.path, bad.status, *bad.row))
            await pulse.unhurt()
        # The one upload that had begun was told that its end will not come; nothing else went upstream.
        [received] = await stage.upstream.wait_left(1)
        assert stage.upstream.requests == [received]
        assert (received.target, bytes(received.body)) == (FILES, b"abc")
        await pulse.end()
        rows = (await stage.proxy.settled(1 + len(booked)))[1:]
        assert [(row["path"], row["status"], row["outcome"], row["call_outcome"]) for row in rows] == booked


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_as_long_as_is_allowed(protocol: str, tmp_path: Path) -> None:
    """The limit is the last length that passes; what is no generation has none."""
    async with beside_a_pulse(tmp_path, says, server=SERVER, replay={"enabled": False}) as (stage, _):
        for path, headers, length in (
            (MESSAGES, ((b"content-length", b"%d" % LIMIT_BYTES),), LIMIT_BYTES),
            (MESSAGES, (), LIMIT_BYTES),
            (FILES, (), 5 * LIMIT_BYTES),
            (FILES, ((b"content-length", b"%d" % (5 * LIMIT_BYTES)),), 5 * LIMIT_BYTES),
        ):
            bad = Bad(path, 200, "", None, headers, b"x" * length)
            reply = await ask(protocol, stage.proxy.port, bad)
            assert reply.complete
            assert reply.header(b"x-trioproxy-error") is None
            assert len(stage.upstream.requests[-1].body) == length


def forwarded() -> list[tuple[RawHeaders, bytes, str | None]]:
    """Bodies that are the upstream's to judge, and the model that the ledger can make out."""
    turn = json.dumps({"model": "gpt-5.1", "input": "Grüße " * 900, "stream": False}).encode()
    return [
        ((), b"this is not JSON", None),
        ((), b'["model", "gpt-5.1"]', None),
        ((), b'{"model": {"name": "gpt-5.1"}}', None),
        ((), b"\xff\xfe\x00", None),
        ((), b"", None),
        ((), captured("codex").body[:LIMIT_BYTES], None),  # ends in the middle
        (((b"content-encoding", b"zstd"),), zstandard.compress(turn), "gpt-5.1"),
        (((b"content-encoding", b"gzip"),), gzip.compress(turn), "gpt-5.1"),
        (((b"content-encoding", b"zstd"),), b"no zstd at all", None),
        (((b"content-encoding", b"br"),), b"\x0b\x02\x80{}\x03", None),
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_forwarded_as_it_is(protocol: str, tmp_path: Path) -> None:
    """A body that is not JSON, or compressed, goes out as it came."""
    async with beside_a_pulse(tmp_path, says, server=SERVER, replay={"enabled": False}) as (stage, pulse):
        for headers, body, _ in forwarded():
            length = (b"content-length", b"%d" % len(body))
            bad = Bad(RESPONSES, 200, "", None, (*headers, length), body)
            reply = await ask(protocol, stage.proxy.port, bad)
            assert (reply.status, reply.complete) == (200, True)
            received = stage.upstream.requests[-1]
            assert bytes(received.body) == body
            assert received.header(b"content-encoding") == (headers[0][1] if headers else None)
            await pulse.unhurt()
        await pulse.end()
        rows = (await stage.proxy.settled(1 + len(forwarded())))[1:]
        assert [row["model_requested"] for row in rows] == [model for _, _, model in forwarded()]
        assert {(row["call_outcome"], row["outcome"]) for row in rows} == {("completed", "delivered")}
