"""The end of the process: SIGTERM with calls in every phase, a second signal, SIGKILL, and the loss of a part."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import trio
from support.guest import Guest, Seen
from support.scenes import BIG_REQUEST_BYTES, DELTA, EVENT_STREAM, FLOOD
from support.server import RunningProxy, running_proxy

from trioproxy.lab.client import LabClient
from trioproxy.lab.received import Received
from trioproxy.lab.script import Chunk, End, Head, Script, Silence, Take, Unreachable
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.rules.lifecycle import Cause, Phase, ending

PATIENCE_S = 20.0
STORIES = {
    Phase.SENDING: Script.of(Silence(), take=Take.NOTHING),
    Phase.WAITING: Script.of(Silence()),
    Phase.STREAMING: Script.of(Head(headers=EVENT_STREAM), Chunk(DELTA), Silence()),
    Phase.BLOCKED: Script.of(Head(headers=EVENT_STREAM), *FLOOD, Silence()),
}
LAST = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
# An answer that ends by itself within the grace.
SHORT = Script.of(Head(headers=EVENT_STREAM), Chunk(DELTA), 0.5, Chunk(LAST), End())


def story(received: Received) -> Script:
    mark = (received.header(b"x-scene") or b"").decode()
    return SHORT if mark == "short" else STORIES[Phase(mark)]


async def ask(proxy: RunningProxy, protocol: str, mark: str) -> Guest:
    """A client whose call is on its way into the phase `mark`."""
    reads = mark != Phase.BLOCKED
    guest = await Guest.arrive(protocol, proxy.port, reads=reads, window_bytes=None if reads else 8_000)
    more = b',"x":"' + b"z" * BIG_REQUEST_BYTES + b'"' if mark == Phase.SENDING else b""
    path = "/nowhere/v1/messages" if mark == Phase.CONNECTING else "/v1/messages"
    body = b'{"model":"%b","stream":true%b}' % (mark.encode(), more)
    await guest.ask(path, body, ((b"x-scene", mark.encode()),))
    return guest


async def page(proxy: RunningProxy, path: str) -> tuple[int | None, bytes]:
    """A page of the proxy's own: status and body."""
    async with await LabClient.connect(proxy.url) as client:
        await client.get(path)
        return await client.head(), await client.rest()


def settings(upstream: ScriptedUpstream, nowhere: ScriptedUpstream, grace_s: float) -> dict[str, Any]:
    return {
        "server": {"graceful_timeout": grace_s},
        "providers": {
            "anthropic": {"base_url": upstream.url},
            "nowhere": {"base_url": nowhere.url, "dialect": "anthropic"},
        },
    }


async def until_underway(proxy: RunningProxy, upstream: ScriptedUpstream, count: int) -> None:
    """Wait until `count` calls are in the ledger and those that can be are at the upstream."""
    with trio.fail_after(PATIENCE_S):
        while len(proxy.rows("calls")) < count:  # noqa: ASYNC110 - it is another process that knows
            await trio.sleep(0.02)
    await upstream.wait_received(count - 1)
    flooding = next(each for each in upstream.requests if each.header(b"x-scene") == Phase.BLOCKED.encode())
    sent, still = -1, 0
    while still < 10:
        await trio.sleep(0.02)
        sent, still = flooding.sent_bytes, still + 1 if flooding.sent_bytes == sent > 0 else 0


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["h1", "h2c"])
async def test_sigterm_with_a_call_in_every_phase(protocol: str, tmp_path: Path) -> None:
    phases = (Phase.CONNECTING, *STORIES)
    async with (
        ScriptedUpstream(story, at_head=True) as upstream,
        ScriptedUpstream(Script.of(Unreachable())) as nowhere,
        running_proxy(tmp_path, settings(upstream, nowhere, 1.5)) as proxy,
    ):
        guests = {phase: await ask(proxy, protocol, phase) for phase in phases}
        await guests[Phase.STREAMING].taste()
        await guests[Phase.BLOCKED].head()
        short = await ask(proxy, protocol, "short")
        await until_underway(proxy, upstream, len(phases) + 1)

        began = time.monotonic()
        proxy.send_signal(signal.SIGTERM)
        await proxy.logged("draining")
        late = await Guest.arrive(protocol, proxy.port)
        await late.ask("/v1/messages", b'{"model":"late"}')
        refused = await late.stay()
        readiness, _ = await page(proxy, "/_trioproxy/ready")
        seen: dict[Phase, Seen] = {}

        async def stay(phase: Phase) -> None:
            seen[phase] = await guests[phase].stay()

        async with trio.open_nursery() as nursery:
            whole = await short.stay()
            for phase in phases:
                if phase is not Phase.BLOCKED:  # it goes on not reading
                    nursery.start_soon(stay, phase)
        with trio.fail_after(PATIENCE_S):
            status = await proxy.process.wait()
        took_s = time.monotonic() - began
        rows = {row["model_requested"] or "late": row for row in proxy.rows()}
        for guest in (*guests.values(), short, late):
            guest.close()
        log = proxy.stderr()

    assert status == 0
    assert took_s < 1.5 + 5.0
    assert (refused.status, refused.code) == (503, "draining")
    assert readiness == 503
    assert (whole.status, whole.complete, whole.body) == (200, True, DELTA + LAST)
    assert (rows["short"]["call_outcome"], rows["short"]["outcome"]) == ("completed", "delivered")
    assert (rows["late"]["call_id"], rows["late"]["outcome"]) == (None, "rejected")
    for phase in phases:
        cell, row = ending(phase, Cause.SHUTDOWN), rows[phase]
        assert (row["call_outcome"], row["outcome"]) == (cell.call, cell.delivery), row
        if phase in seen and phase is Phase.STREAMING:
            assert not seen[phase].complete
        elif phase in seen:
            assert (seen[phase].status, seen[phase].code) == (503, "draining")
    assert "Traceback" not in log


@pytest.mark.slow
async def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    async with (
        ScriptedUpstream(story, at_head=True) as upstream,
        ScriptedUpstream(Script.of(Unreachable())) as nowhere,
        running_proxy(tmp_path, settings(upstream, nowhere, 60.0)) as proxy,
    ):
        guests = [await ask(proxy, "h1", Phase.STREAMING), await ask(proxy, "h1", Phase.WAITING)]
        await guests[0].taste()
        await upstream.wait_received(2)
        proxy.send_signal(signal.SIGTERM)
        await proxy.logged("draining")
        began = time.monotonic()
        status = await proxy.stop(signal.SIGINT)
        took_s = time.monotonic() - began
        rows = proxy.rows()
        for guest in guests:
            guest.close()

    assert took_s < 5.0
    assert status == 0
    assert [(row["call_outcome"], row["outcome"]) for row in rows] == [("shutdown", "shutdown")] * 2


@pytest.mark.slow
async def test_kill_in_mid_stream_is_found_at_the_next_start(tmp_path: Path) -> None:
    async with (
        ScriptedUpstream(story, at_head=True) as upstream,
        ScriptedUpstream(Script.of(Unreachable())) as nowhere,
    ):
        configuration = settings(upstream, nowhere, 1.0)
        async with running_proxy(tmp_path, configuration) as proxy:
            guest = await ask(proxy, "h1", Phase.STREAMING)
            await guest.taste()
            whole = await ask(proxy, "h1", "short")
            assert (await whole.stay()).complete
            whole.close()
            await trio.sleep(0.1)  # more than rows linger before they are committed
            assert await proxy.stop(signal.SIGKILL) == -signal.SIGKILL
            assert not (await guest.stay()).complete
            guest.close()
        async with running_proxy(tmp_path, configuration) as proxy:
            rows = {row["model_requested"]: row for row in proxy.rows()}
            await proxy.stop()

    killed = rows[Phase.STREAMING]
    assert (killed["call_outcome"], killed["outcome"], killed["stop_reason"]) == ("crashed", "crashed", "incomplete")
    assert killed["ended_at"] is not None
    assert (rows["short"]["call_outcome"], rows["short"]["outcome"]) == ("completed", "delivered")


async def test_health_and_readiness_when_all_is_well(tmp_path: Path) -> None:
    async with running_proxy(tmp_path) as proxy:
        health, _ = await page(proxy, "/_trioproxy/health")
        ready, text = await page(proxy, "/_trioproxy/ready")
        status = await proxy.stop()

    assert (health, ready, status) == (200, 200, 0)
    assert json.loads(text)["status"] == "ready"
