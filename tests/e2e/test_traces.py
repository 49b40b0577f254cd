"""Traces of the proxy as users start it: over real sockets, with a disk and signals."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import trio
from support.guest import Guest
from support.proxied import proxied
from support.tracing import ASKED, told

from trioproxy.lab.answers import message_stream
from trioproxy.lab.script import Chunk, Head, Reset, Script, Silence
from trioproxy.trace.records import Lane, What

STREAM = message_stream("One two three four five six.")
BODY = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "a prompt"}]}).encode()
KEY = (b"x-api-key", b"sk-secret-of-alice")


async def settled(folder: Path, count: int) -> None:
    with trio.fail_after(10):
        while len(list(folder.glob("*.jsonl"))) < count:  # noqa: ASYNC110, ASYNC240 - it is another process's
            await trio.sleep(0.01)


@pytest.mark.parametrize("protocol", ["h1", "h2c"])
async def test_a_request_that_asks_for_it(protocol: str, tmp_path: Path) -> None:
    folder = tmp_path / ".local/share/trioproxy/traces"
    async with proxied(tmp_path, STREAM.script(every_s=0.01)) as (proxy, upstream):
        guest = await Guest.arrive(protocol, proxy.port)
        await guest.ask("/v1/messages", BODY, (KEY, ASKED))
        seen = await guest.stay()
        [row] = await proxy.settled(1)
        await settled(folder, 1)
        guest.close()
    [it] = told(folder)
    [file] = folder.iterdir()

    assert seen.complete
    assert it.run.id == row["id"]
    assert it.words()[-5:].count("settle exchange") == 1
    assert it.run.measures["call"] == "completed"
    assert ASKED[0] not in dict(upstream.requests[0].headers)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(secret in file.read_bytes() for secret in (b"sk-secret", b"a prompt"))


async def test_a_request_that_does_not(tmp_path: Path) -> None:
    async with proxied(tmp_path, STREAM.script()) as (proxy, _):
        guest = await Guest.arrive("h1", proxy.port)
        await guest.ask("/v1/messages", BODY, (KEY,))
        await guest.stay()
        await proxy.settled(1)
        guest.close()
        await proxy.stop()

    assert not (tmp_path / ".local").exists()


@pytest.mark.parametrize("sign", ["FIN", "RST"])
async def test_a_departure(sign: str, tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    quiet = Script.of(Head(), Chunk(b"a"), Silence())
    async with proxied(tmp_path, quiet, trace={"folder": str(folder)}) as (proxy, _):
        guest = await Guest.arrive("h1", proxy.port)
        await guest.ask("/v1/messages", BODY, (KEY, ASKED))
        await guest.taste()
        await guest.leave(sign)
        await settled(folder, 1)
        guest.close()
    [it] = told(folder)

    # The exchange and its call are settled each by its own task, in any order.
    assert sorted(it.words()[-6:]) == [
        "client left", "pump cancelled", "seat left", "settle call", "settle exchange", "upstream closed",
    ]  # fmt: skip


async def test_a_shutdown_writes_what_there_is(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    settings: dict[str, Any] = {"trace": {"folder": str(folder)}, "server": {"graceful_timeout": 0.2}}
    quiet = Script.of(Head(), Chunk(b"a"), Silence())
    async with proxied(tmp_path, quiet, **settings) as (proxy, upstream):
        guest = await Guest.arrive("h1", proxy.port)
        await guest.ask("/v1/messages", BODY, (KEY, ASKED))
        await upstream.wait_received(1)
        assert await proxy.stop() == 0
        guest.close()
    [it] = told(folder)

    assert it.run.measures["exchange"] == "shutdown"
    assert [event.note for event in it.events if event.what is What.CANCELLED] == ["shutdown"]


async def test_a_second_signal_does_not_lose_them(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    quiet = Script.of(Head(), Chunk(b"a"), Silence())
    async with proxied(tmp_path, quiet, trace={"folder": str(folder)}) as (proxy, upstream):
        guest = await Guest.arrive("h1", proxy.port)
        await guest.ask("/v1/messages", BODY, (KEY, ASKED))
        await upstream.wait_received(1)
        proxy.send_signal(15)
        await proxy.logged("draining")
        await proxy.stop()
        guest.close()

    assert len(told(folder)) == 1


async def test_a_folder_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    (tmp_path / "traces").write_text("in the way")
    async with proxied(tmp_path, STREAM.script(), trace={"folder": str(tmp_path / "traces")}) as (proxy, _):
        for _ in range(2):
            guest = await Guest.arrive("h1", proxy.port)
            await guest.ask("/v1/messages", BODY, (KEY, ASKED))
            assert (await guest.stay()).complete
            guest.close()
        await proxy.settled(2)
        await proxy.logged("no trace can be written")
        assert await proxy.stop() == 0

    assert proxy.stderr().count("no trace can be written") == 1
    assert "2 traces were not written" in proxy.stderr()


async def test_a_sample(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    async with proxied(tmp_path, STREAM.script(), trace={"folder": str(folder), "sample": 1}) as (proxy, _):
        guest = await Guest.arrive("h1", proxy.port)
        await guest.ask("/v1/messages", BODY, (KEY,))
        await guest.stay()
        await settled(folder, 1)
        guest.close()

    assert told(folder)[0].run.cell["why"] == "sampled"


async def test_a_broken_answer_and_a_replay(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    stories = [STREAM.up_to(3).script(then=Reset()), STREAM.script()]
    async with proxied(tmp_path, stories, trace={"folder": str(folder)}) as (proxy, _):
        for number in range(3):
            guest = await Guest.arrive("h1", proxy.port)
            await guest.ask("/v1/messages", BODY, (KEY, ASKED))
            assert (await guest.stay()).complete is (number > 0)
            await settled(folder, number + 1)
            guest.close()
    broken, whole, replayed = told(folder)

    assert "upstream broke" in broken.words()
    assert broken.lane(Lane.UPSTREAM)[-2][2].endswith("reset the connection in the body")
    assert broken.run.measures["exchange"] == "upstream_failed"
    assert whole.run.cell["served by"] == "call"
    assert replayed.run.cell["served by"] == "replayed"
    assert "seat replayed" in replayed.words()
