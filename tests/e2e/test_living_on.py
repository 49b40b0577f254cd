"""Calls that live on without their client, over real sockets: how long, how many, and what ends them."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from support.proxied import proxied
from support.resending import DRAIN, SIGNS, STREAM, come, until_detached

from trioproxy.lab.upstream import ScriptedUpstream


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
        calls = {call["policy"]: call for call in proxy.rows("calls")}  # they began within a millisecond, perhaps
        for guest in guests:
            guest.close()
    assert {policy: call["outcome"] for policy, call in calls.items()} == {"drain": "completed", "abort": "abandoned"}
    assert "max_detached" in calls["abort"]["error"]


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
