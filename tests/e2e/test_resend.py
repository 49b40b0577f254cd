"""Leave, come back, do not pay twice: over real sockets."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import trio
from support.guest import Guest
from support.proxied import proxied
from support.server import RunningProxy

from trioproxy.lab.answers import message, message_stream
from trioproxy.lab.client import LabClient
from trioproxy.lab.script import Chunk, Close, End, Head, Script
from trioproxy.lab.upstream import ScriptedUpstream

STREAM = message_stream("One two three four five six.")
BODY = json.dumps(
    {"model": "claude-opus-4-8", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
).encode()
KEY = (b"x-api-key", b"sk-secret-of-alice")
DRAIN = {"disconnect": {"policy": "drain"}}
SIGNS = [("h1", "FIN"), ("h1", "RST"), ("h2c", "h2 RST_STREAM"), ("h2c", "h2 connection dropped")]


async def come(proxy: RunningProxy, protocol: str = "h1", *more: tuple[bytes, bytes]) -> Guest:
    guest = await Guest.arrive(protocol, proxy.port)
    await guest.ask("/v1/messages", BODY, (KEY, *more))
    return guest


async def ready(proxy: RunningProxy) -> dict[str, Any]:
    async with await LabClient.connect(proxy.url) as client:
        await client.get("/_trioproxy/ready")
        await client.head()
        page: dict[str, Any] = json.loads(await client.rest())
        return page


async def until_detached(proxy: RunningProxy, count: int) -> None:
    with trio.fail_after(10):
        while (await ready(proxy))["detached"] != count:  # noqa: ASYNC110 - it is another process that knows
            await trio.sleep(0.01)


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
    settings = {"replay": {"join": "always", "max_body_bytes": 1_000_000}, "server": {"stalled_client_timeout": 2.0}}
    async with proxied(tmp_path, script, **settings) as (proxy, upstream):
        slow = await Guest.arrive("h1", proxy.port, reads=False)
        await slow.ask("/v1/messages", BODY, (KEY,))
        await upstream.wait_received(1)
        quick = await come(proxy)
        with trio.fail_after(10):
            seen = await quick.stay()
        rows = await proxy.settled(2)
        slow.close()
        quick.close()
    assert seen.complete
    assert len(seen.body) == len(script.body)
    assert len(upstream.requests) == 1
    assert sorted(row["outcome"] for row in rows) == ["client_stalled", "delivered"]
    assert proxy.rows("calls")[0]["outcome"] == "completed"


# Without a client.


@pytest.mark.parametrize(("protocol", "sign"), SIGNS)
async def test_a_detached_call_outlives_the_connection_of_its_client(protocol: str, sign: str, tmp_path: Path) -> None:
    slow = STREAM.script(head_after_s=0.5, every_s=0.1)
    async with proxied(tmp_path, slow, **DRAIN) as (proxy, upstream):
        guest = await come(proxy, protocol)
        await upstream.wait_received(1)
        await guest.leave(sign)
        guest.close()
        [row] = await proxy.settled(1)
        [call] = proxy.rows("calls")
    assert row["outcome"] == "client_left"
    assert (call["outcome"], call["policy"]) == ("completed", "drain")
    assert call["detached_ms"] > 400
    assert "lives on" in proxy.stderr()


async def test_lingering_ends_after_its_seconds(tmp_path: Path) -> None:
    settings = {"disconnect": {"policy": "linger", "linger": 0.3}}
    async with proxied(tmp_path, STREAM.script(head_after_s=30.0), **settings) as (proxy, upstream):
        guest = await come(proxy)
        await upstream.wait_received(1)
        await guest.leave("FIN")
        guest.close()
        await proxy.settled(1)
        [call] = proxy.rows("calls")
    assert (call["outcome"], call["policy"], call["usage_source"]) == ("abandoned", "linger", "estimated")
    assert 300 <= call["detached_ms"] < 1_500


async def test_beyond_so_many_calls_the_next_is_aborted(tmp_path: Path) -> None:
    settings = {"disconnect": {"policy": "drain", "max_detached": 1}, "replay": {"join": "never"}}
    async with proxied(tmp_path, STREAM.script(head_after_s=1.0), **settings) as (proxy, upstream):
        guests = [await come(proxy) for _ in range(2)]
        await upstream.wait_received(2)
        await guests[0].leave("FIN")
        await until_detached(proxy, 1)
        await guests[1].leave("FIN")
        await proxy.settled(2)
        calls = proxy.rows("calls")
        for guest in guests:
            guest.close()
    assert [(call["policy"], call["outcome"]) for call in calls] == [("drain", "completed"), ("abort", "abandoned")]
    assert "max_detached" in calls[1]["error"]


@pytest.mark.parametrize(("grace_s", "outcome"), [(10.0, "completed"), (0.3, "shutdown")])
async def test_a_detached_call_gets_the_grace_of_a_shutdown_and_no_more(
    grace_s: float, outcome: str, tmp_path: Path
) -> None:
    settings = {**DRAIN, "server": {"graceful_timeout": grace_s}}
    async with proxied(tmp_path, STREAM.script(head_after_s=1.5), **settings) as (proxy, upstream):
        guest = await come(proxy)
        await upstream.wait_received(1)
        await guest.leave("FIN")
        guest.close()
        await until_detached(proxy, 1)
        assert await proxy.stop(signal.SIGTERM) == 0
        [call] = proxy.rows("calls")
    assert call["outcome"] == outcome


async def test_kill_9_leaves_a_detached_call_for_the_next_start_to_find(tmp_path: Path) -> None:
    async with ScriptedUpstream(STREAM.script(head_after_s=30.0)) as upstream:
        providers = {"anthropic": {"base_url": upstream.url}}
        async with proxied(tmp_path, STREAM.script(head_after_s=30.0), **DRAIN) as (proxy, first_upstream):
            guest = await come(proxy)
            await first_upstream.wait_received(1)
            await guest.leave("FIN")
            guest.close()
            await until_detached(proxy, 1)
            await proxy.stop(signal.SIGKILL)
        async with proxied(tmp_path, STREAM.script(), providers=providers) as (second, _):
            [row] = await second.settled(1, "calls")
    assert (row["outcome"], row["policy"]) == ("crashed", "drain")


# What the proxy asks for in the client's place.


CHAT = b'{"model": "gpt-5", "stream": true, "messages": [{"role": "user", "content": "hi"}]}'
DELTA = b'data: {"id":"c1","model":"gpt-5","choices":[{"index":0,"delta":{"content":"Hello"}}],"usage":null}\n\n'
LAST = b'data: {"id":"c1","model":"gpt-5","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n'
USAGE = b'data: {"id":"c1","model":"gpt-5","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1}}\n\n'
DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize("cut", [1, 7, 10_000])
async def test_usage_that_the_client_did_not_ask_for_is_booked_and_not_shown(cut: int, tmp_path: Path) -> None:
    answer = DELTA + LAST + USAGE + DONE
    pieces = [Chunk(answer[at : at + cut]) for at in range(0, len(answer), cut)]
    script = Script.of(Head(headers=STREAM.headers), *pieces, End())
    providers = {"openai": {"include_usage": True}}
    async with ScriptedUpstream(script) as upstream:
        providers["openai"]["base_url"] = upstream.url  # type: ignore[assignment]
        async with proxied(tmp_path, script, providers=providers) as (proxy, _):
            guest = await Guest.arrive("h1", proxy.port)
            await guest.ask("/openai/v1/chat/completions", CHAT)
            seen = await guest.stay()
            guest.close()
            [row] = await proxy.settled(1)
    assert seen.complete
    assert seen.body == DELTA + LAST + DONE
    assert (row["usage_source"], row["input_tokens"], row["output_tokens"]) == ("reported", 9, 1)
    assert row["outcome"] == "delivered"
    [received] = upstream.requests
    assert bytes(received.body) == CHAT[:-1] + b',"stream_options":{"include_usage":true}}'
