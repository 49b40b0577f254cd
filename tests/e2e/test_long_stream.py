"""Nothing limits how long an answer takes, only how long its upstream may be silent."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from support.guest import Guest, Seen
from support.h1 import H1Client
from support.proxied import Proxied, by_target, proxied

from trioproxy.lab.answers import message, message_stream
from trioproxy.lab.http1 import chunk
from trioproxy.lab.script import Chunk, End, Framing, Head, Script, Silence, Take

pytestmark = pytest.mark.slow

# What servers and clients like to set a limit at, and what Quart's own default is.
LONG_S = 62.0
WORDS = 120
STREAM = message_stream("tick " * WORDS)
EVERY_S = LONG_S / len(STREAM.parts)
# Some ten of 125 events.
LAG_BYTES = len(STREAM.body) // 10
LATE = message("After long thought.")
MESSAGES = "/v1/messages"


async def test_a_minute_and_more(tmp_path: Path) -> None:
    """In real time, with the limits as they are delivered: a stream in either protocol, an answer that begins
    only then, one that is silent in the middle, and an upload that takes as long."""
    begun, rest = STREAM.up_to(5), STREAM.parts[5:]
    scripts = by_target(
        {
            MESSAGES: STREAM.script(every_s=EVERY_S),
            f"{MESSAGES}?paced": STREAM.script(every_s=EVERY_S),
            f"{MESSAGES}?late": LATE.script(head_after_s=LONG_S),
            f"{MESSAGES}?silent": Script.of(
                Head(headers=begun.headers), Chunk(begun.body), LONG_S, Chunk(b"".join(rest)), End()
            ),
            "/v1/files": LATE.script(),
        }
    )
    async with proxied(tmp_path, scripts, at_head=True) as stage:
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            for protocol in ("h1", "h2c"):
                nursery.start_soon(is_delivered, stage, protocol, MESSAGES, STREAM.body)
                nursery.start_soon(is_delivered, stage, protocol, f"{MESSAGES}?late", LATE.body)
                nursery.start_soon(is_delivered, stage, protocol, f"{MESSAGES}?silent", STREAM.body)
            nursery.start_soon(upload, stage)
            nursery.start_soon(keeps_pace, stage)
        assert trio.current_time() - began >= LONG_S
        rows = await stage.proxy.settled(8)
        assert {(row["call_outcome"], row["outcome"]) for row in rows} == {("completed", "delivered")}
        assert all(row["duration_ms"] >= 1000 * (LONG_S - 1) for row in rows)
        assert "[stream]" not in stage.proxy.stderr()


async def is_delivered(stage: Proxied, protocol: str, path: str, body: bytes) -> None:
    guest = await Guest.arrive(protocol, stage.proxy.port)
    await guest.ask(path, b"{}")
    with trio.fail_after(LONG_S + 20):
        seen = await guest.stay()
    guest.close()
    assert (seen.status, seen.complete, seen.body) == (200, True, body)


async def keeps_pace(stage: Proxied) -> None:
    """Each event is here long before the rest is sent: what lags is a busy machine, not a buffer."""
    async with await H1Client.connect(stage.proxy.port) as client:
        await client.request("POST", f"{MESSAGES}?paced", body=b"{}")
        with trio.fail_after(LONG_S + 20):
            await client.head()
            [received] = [received for received in stage.upstream.requests if received.target.endswith("?paced")]
            sent_bytes = received.sent_bytes
            for part in STREAM.parts:
                assert await client.read(len(part)) == part
                assert received.sent_bytes <= sent_bytes + LAG_BYTES
                sent_bytes += len(chunk(part, Framing.CHUNKED))
            assert await client.piece() == b""


async def upload(stage: Proxied) -> None:
    async with await H1Client.connect(stage.proxy.port) as client:
        pieces = 16
        await client.send(b"POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (2 * pieces))
        client.expect("POST")
        for _ in range(pieces):
            await trio.sleep(LONG_S / pieces)
            await client.send(b"ab")
        with trio.fail_after(20):
            assert (await client.reply()).complete


READ_S = 0.8
LIMITS = {"read": READ_S, "first_byte": READ_S, "write": READ_S}


async def stays(stage: Proxied, protocol: str, path: str, body: bytes = b"{}") -> Seen:
    guest = await Guest.arrive(protocol, stage.proxy.port)
    with trio.fail_after(15):
        await guest.ask(path, body)
        seen = await guest.stay()
    guest.close()
    return seen


@pytest.mark.parametrize("protocol", ["h1", "h2c"])
async def test_silence_within_its_limit_is_none(protocol: str, tmp_path: Path) -> None:
    """Longer than the limit on the whole, shorter between any two reads; a comment is a sign of life, too."""
    slow = message_stream("one two").script(head_after_s=READ_S / 2, every_s=READ_S / 2)
    pinged = Script.of(
        Head(headers=STREAM.headers), *(6 * [READ_S / 2, Chunk(b": ping\n\n")]), Chunk(STREAM.body), End()
    )
    scripts = by_target({MESSAGES: slow, f"{MESSAGES}?pinged": pinged})
    async with proxied(tmp_path, scripts, timeouts=LIMITS) as stage:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(is_delivered, stage, protocol, MESSAGES, slow.body)
            nursery.start_soon(is_delivered, stage, protocol, f"{MESSAGES}?pinged", pinged.body)
        rows = await stage.proxy.settled(2)
        assert {(row["call_outcome"], row["outcome"]) for row in rows} == {("completed", "delivered")}
        assert all(row["duration_ms"] > 2000 * READ_S for row in rows)


@pytest.mark.parametrize("protocol", ["h1", "h2c"])
async def test_silence_beyond_it_ends_the_call(protocol: str, tmp_path: Path) -> None:
    """Before the head it has a status; after it, the answer breaks off."""
    begun = STREAM.up_to(5)
    scripts = by_target(
        {
            MESSAGES: begun.script(then=Silence()),
            f"{MESSAGES}?late": Script.of(Silence()),
            f"{MESSAGES}?deaf": Script.of(Silence(), take=Take.NOTHING),
            # No event stream either: the same.
            "/v1/files": Script.of(Head(framing=Framing.LENGTH, length_bytes=100), Chunk(b"half"), Silence()),
        }
    )
    async with proxied(tmp_path, scripts, at_head=True, timeouts=LIMITS) as stage:
        seen = await stays(stage, protocol, MESSAGES)
        assert (seen.status, seen.complete, seen.body) == (200, False, begun.body)
        assert seen.reset_code == (None if protocol == "h1" else 2)
        late = await stays(stage, protocol, f"{MESSAGES}?late")
        assert (late.status, late.complete, late.code) == (504, True, "upstream_timeout")
        deaf = await stays(stage, protocol, f"{MESSAGES}?deaf", b"x" * 16_000_000)
        assert (deaf.status, deaf.complete, deaf.code) == (504, True, "upstream_timeout")
        half = await stays(stage, protocol, "/v1/files")
        assert (half.status, half.complete, half.body) == (200, False, b"half")
        assert len(await stage.upstream.wait_left(4)) == 4
        rows = await stage.proxy.settled(4)
        assert {(row["call_outcome"], row["outcome"], row["stop_reason"]) for row in rows} == {
            ("timeout", "upstream_failed", "incomplete")
        }
        phases = [row["call_error"].rpartition(" while ")[2] for row in rows]
        assert phases == ["between chunks", "waiting for the head", "sending the request", "between chunks"]
        assert stage.proxy.stderr().count("[stream] timeout: upstream silent") == 4
        assert "Traceback" not in stage.proxy.stderr()
