"""The table of endings, cell by cell, over real sockets: what the upstream, the client, the log and the ledger see.

All scenes of a protocol are played at once, against one proxy whose upstream side is patient and one whose
limits are short.
"""

from __future__ import annotations

import ssl
import traceback
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trio
import trustme
from support.guest import Guest, Seen
from support.scenes import BIG_REQUEST_BYTES, Scene, scenes
from support.server import RunningProxy, running_proxy

from trioproxy.lab.received import Received
from trioproxy.lab.script import Refuse, Script, Silence, Unreachable
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.rules.lifecycle import Cause, Ending, Phase, ending
from trioproxy.rules.lifecycle import Seen as Shown

# Of the hasty proxy, for what comes in time too: everything is played at once, perhaps beside other tests.
LIMIT_S = 2.0
PATIENCE_S = 25.0


@dataclass(slots=True)
class Stage:
    upstream: ScriptedUpstream
    patient: RunningProxy
    hasty: RunningProxy
    tls: ssl.SSLContext | None

    def proxy(self, scene: Scene) -> RunningProxy:
        return self.hasty if scene.cause in (Cause.UPSTREAM_SILENT, Cause.CLIENT_STALLED) else self.patient

    def received(self, scene: Scene) -> Received | None:
        mark = scene.name.encode()
        return next((each for each in self.upstream.requests if each.header(b"x-scene") == mark), None)

    async def until(self, scene: Scene, fact: Any) -> None:
        await self.upstream.wait_until(
            lambda: (at := self.received(scene)) is not None and fact(at), scene.name, within_s=PATIENCE_S
        )


@asynccontextmanager
async def stage(tmp_path: Path, protocol: str) -> AsyncIterator[Stage]:
    scripts = {scene.name.encode(): scene.script for scene in scenes(protocol)}

    def script_for(received: Received) -> Script:
        return scripts[received.header(b"x-scene") or b""] or Script.of(Silence())

    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(ScriptedUpstream(script_for, at_head=True))
        closed = await stack.enter_async_context(ScriptedUpstream(Script.of(Refuse())))
        nowhere = await stack.enter_async_context(ScriptedUpstream(Script.of(Unreachable())))
        server: dict[str, Any] = {"graceful_timeout": 0.5}
        tls = None
        if protocol == "h2":
            authority = trustme.CA()
            certificate = authority.issue_cert("localhost")
            certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
            server |= {"certfile": str(tmp_path / "server.pem"), "keyfile": str(tmp_path / "server.pem")}
            tls = ssl.create_default_context()
            authority.configure_trust(tls)
            tls.set_alpn_protocols(["h2"])
        providers = {
            "anthropic": {"base_url": upstream.url},
            "closed": {"base_url": closed.url, "dialect": "anthropic"},
            "nowhere": {"base_url": nowhere.url, "dialect": "anthropic"},
            "plain": {"base_url": upstream.url.replace("http://", "https://"), "dialect": "anthropic"},
        }
        short = dict.fromkeys(("connect", "first_byte", "read", "write"), LIMIT_S)
        proxies = []
        for name, more in (
            ("patient", {"server": server}),
            ("hasty", {"server": {**server, "stalled_client_timeout": LIMIT_S}, "timeouts": short}),
        ):
            folder = tmp_path / name
            folder.mkdir()
            proxies.append(await stack.enter_async_context(running_proxy(folder, {**more, "providers": providers})))
        yield Stage(upstream, *proxies, tls)


async def play(scene: Scene, protocol: str, on: Stage) -> None:
    """Bring a call into the scene's phase, let the cause happen, look at everything."""
    proxy, cell = on.proxy(scene), ending(scene.phase, scene.cause)
    blocked = scene.phase in (Phase.BLOCKED, Phase.ENDED)
    guest = await Guest.arrive(
        protocol, proxy.port, tls=on.tls, reads=not blocked, window_bytes=8_000 if blocked else None
    )
    try:
        body = b'{"model":"%b","stream":true,"messages":[]%b}' % (
            scene.name.encode(),
            b',"x":"' + b"z" * BIG_REQUEST_BYTES + b'"' if scene.asks_much else b"",
        )
        path = "/v1/messages" if scene.provider == "anthropic" else f"/{scene.provider}/v1/messages"
        with trio.fail_after(PATIENCE_S):
            await guest.ask(path, body, ((b"x-scene", scene.name.encode()),))
            await _reach(scene, guest, on)
            seen = await _happen(scene, guest, on)
            if cell.delivery == "client_left" and scene.phase not in (Phase.CONNECTING, Phase.ENDED):
                await on.until(scene, lambda received: received.left)
        row = await _settled(proxy, scene)
        assert (row["call_outcome"], row["outcome"]) == (cell.call, cell.delivery), row
        assert row["stop_reason"] == (None if cell.call == "completed" else "incomplete")
        if cell.call != "completed":
            await proxy.logged(row["call_id"])
            lines = [line for line in proxy.stderr().splitlines() if row["call_id"] in line]
            assert len(lines) == 1, lines
            assert f"[stream] {cell.call}: " in lines[0]
        _check(cell, seen, protocol)
    finally:
        guest.close()


async def _reach(scene: Scene, guest: Guest, on: Stage) -> None:
    """Wait until the call is in the scene's phase."""
    if scene.cause not in (Cause.CLIENT_LEFT, Cause.CLIENT_STALLED) and scene.phase is not Phase.BLOCKED:
        return  # the script sees to it
    match scene.phase:
        case Phase.CONNECTING:
            with trio.fail_after(PATIENCE_S):
                # The upstream sees nothing of it, so the ledger has to tell.
                while not any(row["model_requested"] == scene.name for row in on.proxy(scene).rows("calls")):  # noqa: ASYNC110
                    await trio.sleep(0.02)
        case Phase.SENDING:
            await on.until(scene, lambda received: received.head_at)
        case Phase.WAITING:
            await on.until(scene, lambda received: received.body_at)
        case Phase.STREAMING:
            await guest.taste()
        case Phase.BLOCKED:
            await guest.head()
            await _standstill(scene, on)
        case Phase.ENDED:
            await guest.taste()
            await on.until(scene, lambda received: received.answered_at)


async def _standstill(scene: Scene, on: Stage) -> None:
    """Wait until the upstream can send no more, because nobody takes it."""
    sent, still = -1, 0
    while still < 15:
        await trio.sleep(0.02)
        received = on.received(scene)
        now = received.sent_bytes if received else 0
        sent, still = now, still + 1 if now == sent and now > 0 else 0


async def _happen(scene: Scene, guest: Guest, on: Stage) -> Seen | None:
    """Let the cause happen; what a client that stays sees of it."""
    if scene.cause is Cause.CLIENT_LEFT:
        await guest.leave(scene.sign)
        return None
    if scene.cause is Cause.CLIENT_STALLED:
        await on.until(scene, lambda received: received.left)
    return await guest.stay()


def _check(cell: Ending, seen: Seen | None, protocol: str) -> None:
    if seen is None:
        return
    if cell.seen in (Shown.TRUNCATION, Shown.CLOSED):
        assert not seen.complete
        assert seen.code is None
        if protocol != "h1":
            expected = 2 if cell.seen is Shown.TRUNCATION else 8  # INTERNAL_ERROR, CANCEL (RFC 9113, 7)
            assert seen.reset_code == expected
    else:
        status, code = cell.seen.split()
        assert (seen.status, seen.code, seen.complete) == (int(status), code, True)


async def _settled(proxy: RunningProxy, scene: Scene) -> dict[str, Any]:
    with trio.move_on_after(PATIENCE_S):
        while True:
            for row in proxy.rows():
                if row["model_requested"] == scene.name and row["ended_at"] and row["call_outcome"]:
                    return row
            await trio.sleep(0.02)
    raise TimeoutError(f"not settled: {[r for r in proxy.rows() if r['model_requested'] == scene.name]}")


@pytest.mark.parametrize("protocol", ["h1", "h2c", "h2"])
@pytest.mark.slow
async def test_every_cell_of_the_table(protocol: str, tmp_path: Path) -> None:
    failed: dict[str, str] = {}
    played = list(scenes(protocol))

    async def attempt(scene: Scene, on: Stage) -> None:
        try:
            await play(scene, protocol, on)
        except Exception:
            failed[scene.name] = traceback.format_exc(limit=-2)

    async with stage(tmp_path, protocol) as on:
        async with trio.open_nursery() as nursery:
            for scene in played:
                nursery.start_soon(attempt, scene, on)
        logs = on.patient.stderr() + on.hasty.stderr()
    assert not failed, "\n\n".join(f"{name}\n{what}" for name, what in failed.items())
    assert len(played) >= 25
    assert "Traceback" not in logs
