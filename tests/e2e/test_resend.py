"""Leave, come back, do not pay twice: over real sockets."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import trio
from support.guest import Guest
from support.proxied import proxied
from support.resending import BODY, DRAIN, KEY, SIGNS, STREAM, come, until_detached

from trioproxy.lab.answers import message
from trioproxy.lab.script import Chunk, Close, End, Head, Script


@pytest.mark.parametrize(("protocol", "sign"), SIGNS)
async def test_the_resend_of_a_slow_request_ends_when_the_first_would_have(
    protocol: str, sign: str, tmp_path: Path
) -> None:
    slow = STREAM.script(head_after_s=1.0, every_s=0.1)
    async with proxied(tmp_path, slow, **DRAIN) as (proxy, upstream):
        began = time.monotonic()
        first = await come(proxy, protocol)
        await upstream.wait_received(1)
        await trio.sleep(0.3)  # the client's own patience
        await first.leave(sign)
        await until_detached(proxy, 1)
        again = await come(proxy, protocol)
        seen = await again.stay()
        took_s = time.monotonic() - began
        rows = await proxy.settled(2)
        [call] = proxy.rows("calls")
        first.close()
        again.close()
    assert (seen.status, seen.complete, seen.body) == (200, True, STREAM.body)
    assert len(upstream.requests) == 1
    assert took_s < call["duration_ms"] / 1000 + 0.5  # not its time all over again
    assert [(row["served_by"], row["outcome"]) for row in rows] == [("call", "client_left"), ("joined", "delivered")]
    assert (call["outcome"], call["policy"], call["usage_source"]) == ("completed", "drain", "reported")
    assert call["detached_ms"] > 0
    assert [row["cost_usd"] for row in rows][1] == 0.0
    secrets = proxy.stderr() + json.dumps([dict(row) for row in rows], default=str)
    assert "sk-secret-of-alice" not in secrets


async def test_in_the_middle_of_the_stream_it_gets_the_beginning_at_once(tmp_path: Path) -> None:
    half = len(STREAM.body) // 2
    script = Script.of(Head(headers=STREAM.headers), Chunk(STREAM.body[:half]), 1.5, Chunk(STREAM.body[half:]), End())
    async with proxied(tmp_path, script, **DRAIN) as (proxy, upstream):
        first = await come(proxy)
        await first.taste()
        await first.leave("FIN")
        await until_detached(proxy, 1)
        again = await come(proxy)
        with trio.fail_after(1.0):
            await again.taste()
        seen = await again.stay()
        await proxy.settled(2)
        first.close()
        again.close()
    assert seen.complete
    assert len(upstream.requests) == 1


async def test_what_has_just_been_answered_is_replayed_on_either_protocol(tmp_path: Path) -> None:
    async with proxied(tmp_path, message("One.").script()) as (proxy, upstream):
        bodies = []
        for protocol in ("h1", "h2c", "h1"):
            guest = await come(proxy, protocol)
            bodies.append((await guest.stay()).body)
            guest.close()
        rows = await proxy.settled(3)
    assert len(upstream.requests) == 1
    assert len(set(bodies)) == 1
    assert [row["served_by"] for row in rows] == ["call", "replayed", "replayed"]
    assert len({row["call_id"] for row in rows}) == 1


async def test_another_key_never_gets_it(tmp_path: Path) -> None:
    async with proxied(tmp_path, message("One.").script()) as (proxy, upstream):
        for key in (b"sk-alice", b"sk-bob", b"sk-carol"):
            guest = await Guest.arrive("h1", proxy.port)
            await guest.ask("/v1/messages", BODY, ((b"x-api-key", key),))
            assert (await guest.stay()).complete
            guest.close()
        await proxy.settled(3)
    assert len(upstream.requests) == 3


@pytest.mark.parametrize("header", [(b"X-TrioProxy-Reuse", b"No"), (b"Cache-Control", b"No-Cache")])
async def test_who_stays_out_may_write_it_in_capitals(header: tuple[bytes, bytes], tmp_path: Path) -> None:
    async with proxied(tmp_path, message("One.").script()) as (proxy, upstream):
        for more in ([], [header], [(b"X-Stainless-Retry-Count", b"1"), (b"User-Agent", b"other")]):
            guest = await come(proxy, "h1", *more)
            assert (await guest.stay()).complete
            guest.close()
        rows = await proxy.settled(3)
    assert [row["served_by"] for row in rows] == ["call", "call", "replayed"]
    assert len(upstream.requests) == 2


async def test_a_stream_that_was_cut_is_asked_for_again(tmp_path: Path) -> None:
    scripts = [STREAM.up_to(3).script(then=Close()), STREAM.script()]
    async with proxied(tmp_path, scripts) as (proxy, upstream):
        first = await come(proxy)
        assert not (await first.stay()).complete
        again = await come(proxy)
        assert (await again.stay()).body == STREAM.body
        await proxy.settled(2)
        first.close()
        again.close()
    assert len(upstream.requests) == 2


async def test_a_hundred_at_once_are_one_call_where_all_may_join(tmp_path: Path) -> None:
    slow = STREAM.script(head_after_s=1.5, every_s=0.02)
    async with proxied(tmp_path, slow, replay={"join": "always"}) as (proxy, upstream):
        bodies: list[bytes] = []

        async def one(protocol: str) -> None:
            guest = await come(proxy, protocol)
            bodies.append((await guest.stay()).body)
            guest.close()

        async with trio.open_nursery() as nursery:
            for number in range(100):
                nursery.start_soon(one, "h2c" if number % 2 else "h1")
        rows = await proxy.settled(100)
    assert set(bodies) == {STREAM.body}
    assert len(upstream.requests) == 1
    assert sorted(row["served_by"] for row in rows) == ["call"] + ["joined"] * 99


async def test_one_that_does_not_read_slows_nobody_and_is_given_up(tmp_path: Path) -> None:
    events = [b'event: ping\ndata: {"type":"ping","x":"' + b"x" * 60_000 + b'"}\n\n' for _ in range(100)]
    script = Script.of(
        Head(headers=STREAM.headers), 1.0, *(Chunk(event) for event in events), Chunk(STREAM.body), End()
    )
    settings = {"replay": {"join": "always", "max_body_bytes": 1_000_000}, "server": {"stalled_client_timeout": 60.0}}
    async with proxied(tmp_path, script, **settings) as (proxy, upstream):
        slow = await Guest.arrive("h1", proxy.port, reads=False)
        await slow.ask("/v1/messages", BODY, (KEY,))
        await upstream.wait_received(1)
        quick = await come(proxy)
        with trio.fail_after(10):
            seen = await quick.stay()
        left_behind = await slow.stay()  # it reads again, within all limits of time
        rows = await proxy.settled(2)
        slow.close()
        quick.close()
    assert not left_behind.complete
    assert len(left_behind.body) < len(script.body)
    assert seen.complete
    assert len(seen.body) == len(script.body)
    assert len(upstream.requests) == 1
    assert sorted(row["outcome"] for row in rows) == ["client_stalled", "delivered"]
    assert proxy.rows("calls")[0]["outcome"] == "completed"
