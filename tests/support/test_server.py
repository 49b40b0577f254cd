"""The proxy in a subprocess, in both modes: it answers, its ledger can be read, nothing of it is left."""

from __future__ import annotations

import os
import signal
import tomllib
from pathlib import Path

import pytest
import trio

from support.server import Mode, running_proxy, toml
from trioproxy.lab.answers import message_stream
from trioproxy.lab.client import LabClient
from trioproxy.lab.guest import AnswerEnding
from trioproxy.lab.upstream import ScriptedUpstream


def alive(group: int) -> bool:
    """A process of the group is there and no zombie."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, of_group = entry.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(of_group) == group and state != "Z":
            return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["serve", "hypercorn"])
async def test_it_serves_and_goes(mode: Mode, tmp_path: Path) -> None:
    async with ScriptedUpstream(message_stream("Hello there.").script()) as upstream:
        settings = {"providers": {"anthropic": {"base_url": upstream.url}}}
        async with running_proxy(tmp_path, settings, mode=mode) as proxy:
            async with await LabClient.connect(proxy.url) as client:
                await client.post("/v1/messages", {"stream": True, "model": "claude-haiku-4-5"})
                await client.rest()
                assert (client.status, client.ending) == (200, AnswerEnding.CLEAN)
            [row] = await proxy.settled(1)
            assert (row["outcome"], row["call_outcome"]) == ("delivered", "completed")
            assert proxy.port == int(proxy.url.rpartition(":")[2])
            group = os.getpgid(proxy.process.pid)
            assert alive(group)
    with trio.fail_after(5):
        while alive(group):  # noqa: ASYNC110  # nothing tells of a stranger's end
            await trio.sleep(0.01)


@pytest.mark.slow
async def test_a_signal_ends_it(tmp_path: Path) -> None:
    async with running_proxy(tmp_path) as proxy:
        assert await proxy.stop() == 0
    async with running_proxy(tmp_path) as proxy:
        assert await proxy.stop(signal.SIGKILL) == -signal.SIGKILL


@pytest.mark.slow
async def test_what_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError, match=r"status 2(?s:.)*server\.prot"):
        async with running_proxy(tmp_path, {"server": {"prot": 1}}):
            pass


def test_toml_reads_back() -> None:
    settings = {"server": {"port": 0}, "providers": {"a": {"base_url": 'http://x/"y"', "on": True}, "b": {"n": 0.5}}}
    assert tomllib.loads(toml(settings)) == settings
