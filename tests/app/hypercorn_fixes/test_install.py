"""Installed for the version they were written for, and for no other."""

from __future__ import annotations

import importlib.metadata
import logging
from functools import partial
from typing import Any

import hypercorn.protocol
import hypercorn.trio
import hypercorn.trio.run
import hypercorn.trio.tcp_server
import pytest
import trio
from hypercorn.config import Config
from hypercorn.trio.worker_context import WorkerContext
from support.h1 import H1Client
from support.hypercorn_server import happens
from trio.testing import MockClock

from trioproxy.app import hypercorn_fixes
from trioproxy.app.hypercorn_fixes.patience import Shutdown

NAMES = (
    (hypercorn.trio.run, "TCPServer"),
    (hypercorn.trio.tcp_server, "TaskGroup"),
    (hypercorn.protocol, "H11Protocol"),
    (hypercorn.protocol, "H2Protocol"),
)


def bound() -> list[type]:
    return [getattr(module, name) for module, name in NAMES]


def test_importing_patches_nothing_and_uninstall_restores() -> None:
    stock = bound()
    assert all(kind.__module__.startswith("hypercorn.") for kind in stock)
    assert hypercorn_fixes.install(stalled_client_timeout_s=1)
    mended = bound()
    assert all(kind.__module__.startswith("trioproxy.") for kind in mended)
    assert all(issubclass(new, old) for new, old in zip(mended, stock, strict=True))
    assert hypercorn_fixes.install(stalled_client_timeout_s=2)
    assert bound() == mended
    hypercorn_fixes.uninstall()
    assert bound() == stock


@pytest.mark.parametrize("version", ["0.17.3", "0.19.0", "1.18.0", "0.180"])
def test_another_version_is_left_alone_loudly(
    version: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stock = bound()
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version)
    with caplog.at_level(logging.WARNING):
        assert not hypercorn_fixes.install(stalled_client_timeout_s=1)
    assert bound() == stock
    assert len(caplog.records) == 1
    assert version in caplog.text
    assert hypercorn_fixes.WRITTEN_FOR in caplog.text


@pytest.mark.parametrize("version", ["0.18.0", "0.18.7"])
def test_every_release_of_the_version_is_mended(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version)
    assert hypercorn_fixes.install(stalled_client_timeout_s=1)


async def test_installing_at_startup_is_in_time_for_the_first_connection(clock: MockClock) -> None:
    """As under a plain `hypercorn -k trio`, which has built its context before."""
    stalled = trio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            assert (await receive())["type"] == "lifespan.startup"
            hypercorn_fixes.install(stalled_client_timeout_s=30)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": bytes(2**16), "more_body": True})
        except hypercorn_fixes.ClientStalled:
            stalled.set()

    config = Config()
    config.bind = ["127.0.0.1:0"]
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        serve = partial(hypercorn.trio.serve, app, config, shutdown_trigger=stop.wait, mode="asgi")
        binds = await nursery.start(serve)
        async with await H1Client.connect(int(binds[0].rsplit(":", 1)[1]), receive_buffer_bytes=4096) as client:
            await client.request()
            assert await happens(stalled)
        stop.set()


async def test_shutdown_event_takes_over_from_the_one_hypercorn_made(clock: MockClock) -> None:
    context = WorkerContext(None)
    event = Shutdown.of(context)
    assert context.terminated is event
    assert Shutdown.of(context) is event
    assert not event.is_set()
    late = WorkerContext(None)
    await late.terminated.set()
    assert Shutdown.of(late).is_set()
