"""A ledger that cannot be written: serving goes on, the rows wait, and nobody can miss it."""

from __future__ import annotations

import json
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from support.guest import Guest
from support.h1 import H1Client
from support.proxied import proxied
from support.server import RunningProxy, running_proxy

from trioproxy.lab.answers import message_stream
from trioproxy.lab.script import Silence
from trioproxy.lab.upstream import ScriptedUpstream

pytestmark = pytest.mark.slow

WHOLE = message_stream("Served all the same.")
BEGUN = WHOLE.up_to(5).script(then=Silence())
# The contract's 250 ms, and what a busy machine adds.
PATIENCE_S = 0.25 + 0.75
# The same request again and again, and each time a call.
OFF = {"enabled": False}


async def ready(proxy: RunningProxy) -> dict[str, Any]:
    async with await H1Client.connect(proxy.port) as client:
        await client.request("GET", "/_trioproxy/ready")
        reply = await client.reply()
    value: dict[str, Any] = json.loads(reply.body)
    return {"http": reply.status, **value}


async def until_ready_says(proxy: RunningProxy, status: str) -> dict[str, Any]:
    with trio.fail_after(15):
        while (page := await ready(proxy))["status"] != status:  # noqa: ASYNC110  # it tells nobody
            await trio.sleep(0.05)
    return page


async def served(proxy: RunningProxy) -> float:
    """A whole stream; how long it took, in seconds."""
    guest = await Guest.arrive("h1", proxy.port)
    began = trio.current_time()
    await guest.ask("/v1/messages", b"{}")
    with trio.fail_after(10):
        seen = await guest.stay()
    guest.close()
    assert (seen.status, seen.complete, seen.body) == (200, True, WHOLE.body)
    return trio.current_time() - began


@contextmanager
def locked(ledger: Path) -> Iterator[None]:
    """As another process locks it that writes for a long time."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full(proxy: RunningProxy) -> Iterator[None]:
    """As a disk is full: neither the ledger nor the log that every commit is appended to can grow any more."""
    limits = resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE)
    size_bytes = proxy.ledger_path.stat().st_size
    resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE, (size_bytes, limits[1]))
    yield
    resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE, limits)


async def is_loud_and_mends(proxy: RunningProxy, trouble: Any, says: str) -> None:
    """Serve through `trouble`, which lasts for three requests, and find their rows afterwards."""
    await served(proxy)
    await proxy.settled(1)
    healthy = await until_ready_says(proxy, "ready")
    assert (healthy["http"], healthy["ledger"]["waiting"], healthy["ledger"]["error"]) == (200, 0, None)
    with trouble:
        for _ in range(3):
            assert await served(proxy) < PATIENCE_S
        degraded = await until_ready_says(proxy, "degraded")
        assert degraded["http"] == 200  # it serves, so nobody should take it out of service
        assert says in degraded["ledger"]["error"]
        assert degraded["ledger"]["late"] >= 2  # the first may have been committed before anyone noticed
        assert degraded["ledger"]["waiting"] >= 6
        assert len(proxy.rows("calls")) == 1
    rows = await proxy.settled(4)
    assert {(row["call_outcome"], row["outcome"], row["output_tokens"]) for row in rows} == {
        ("completed", "delivered", 4)
    }
    mended = await until_ready_says(proxy, "ready")
    assert (mended["ledger"]["waiting"], mended["ledger"]["dropped"], mended["ledger"]["error"]) == (0, 0, None)
    # Once when it begins, once when it is over.
    assert proxy.stderr().count("serving goes on, rows wait in memory") == 1
    assert proxy.stderr().count("is written again after") == 1
    assert "Traceback" not in proxy.stderr()


async def test_a_locked_ledger(tmp_path: Path) -> None:
    async with proxied(tmp_path, WHOLE.script(), replay=OFF) as (proxy, _):
        await is_loud_and_mends(proxy, locked(proxy.ledger_path), "database is locked")


async def test_a_full_disk(tmp_path: Path) -> None:
    async with proxied(tmp_path, WHOLE.script(), replay=OFF) as (proxy, _):
        await is_loud_and_mends(proxy, full(proxy), "cannot be written")


@pytest.mark.parametrize("where", ["{folder}", "{file}/ledger.db", "/proc/ledger.db", "{garbage}"])
def test_a_ledger_that_cannot_be_opened(where: str, tmp_path: Path) -> None:
    """A directory; a folder that is a file; one where nobody may write, root included; a file that is no ledger."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "garbage").write_text("This is no database.\n" * 100)
    path = where.format(**{name: tmp_path / name for name in ("folder", "file", "garbage")})
    done = subprocess.run(
        [sys.executable, "-m", "trioproxy", "serve", "--port", "0"],
        env={"HOME": str(tmp_path), "TRIOPROXY_LEDGER__URL": f"sqlite:///{path}"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 1
    assert f"the ledger {path} cannot be opened" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


async def test_one_of_two_proxies_on_a_ledger_is_killed(tmp_path: Path) -> None:
    """Its open rows are `crashed` at the next start; those of the other, which lives, are its own affair."""
    async with ScriptedUpstream(BEGUN) as upstream:
        settings = {"providers": {"anthropic": {"base_url": upstream.url}}}

        async def begin(proxy: RunningProxy) -> Guest:
            guest = await Guest.arrive("h1", proxy.port)
            await guest.ask("/v1/messages", b'{"model":"claude-haiku-4-5"}')
            with trio.fail_after(10):
                await guest.taste()
            return guest

        async with running_proxy(tmp_path, settings) as survivor:
            async with running_proxy(tmp_path, settings) as victim:
                stays, mourns = await begin(survivor), await begin(victim)
                [survivors, victims] = survivor.rows("calls")
                assert survivors["owner"] != victims["owner"]
                assert await victim.stop(signal.SIGKILL) == -signal.SIGKILL
                seen = await mourns.stay()
                assert (seen.status, seen.complete) == (200, False)
                mourns.close()
            await upstream.wait_left(1)
            assert [row["ended_at"] for row in survivor.rows("calls")] == [None, None]

            async with running_proxy(tmp_path, settings) as successor:
                await successor.logged("1 open calls of processes that are gone are now crashed")
                for table in ("calls", "exchanges"):
                    [alive, dead] = survivor.rows(table)
                    assert (alive["owner"], alive["ended_at"], alive["outcome"]) == (survivors["owner"], None, None)
                    assert (dead["owner"], dead["outcome"]) == (victims["owner"], "crashed")
                    assert dead["ended_at"] > dead["started_at"]
                [_, request] = survivor.rows()
                assert (request["stop_reason"], request["usage_source"]) == ("incomplete", "none")
                assert request["call_error"] == "the process that ran it was gone"

            stays.close()
            await upstream.wait_left(2)
            rows = await survivor.settled(2)
            assert [(row["call_outcome"], row["outcome"]) for row in rows] == [
                ("abandoned", "client_left"),
                ("crashed", "crashed"),
            ]
