"""Hypercorn in this process, mended or as it is delivered, in front of a small ASGI application.

    async with serving(app, stall_s=0.3, keep_alive_timeout=1.0) as served:
        async with await H1Client.connect(served.port) as client: ...

Close the clients before leaving: Hypercorn as delivered waits for some of them for ever.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import hypercorn.trio
import trio
from hypercorn.config import Config

from trioproxy.app import hypercorn_fixes

App = Callable[[Any, Any, Any], Awaitable[None]]
STALL_S = 30.0


@dataclass
class Served:
    """A running server. `died` is what ended it, if something did that should not have."""

    port: int = 0
    stop: trio.Event = field(default_factory=trio.Event)
    gone: trio.Event = field(default_factory=trio.Event)
    died: BaseException | None = None
    log: list[str] = field(default_factory=list)


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno > logging.INFO:
            self._lines.append(self.format(record))


def with_lifespan(app: App) -> App:
    async def both(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return

    return both


@asynccontextmanager
async def serving(
    app: App,
    *,
    mended: bool = True,
    stall_s: float = STALL_S,
    certificate: tuple[str, str, str] | None = None,
    **options: Any,
) -> AsyncIterator[Served]:
    """`certificate`: files with certificate, key and authority, for TLS. `options` are Hypercorn's.

    On leaving, the server is stopped.
    """
    served = Served()
    logger = logging.Logger("hypercorn-under-test")
    logger.addHandler(_Lines(served.log))
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = logger
    config.graceful_timeout = 5.0
    if certificate is not None:
        config.certfile, config.keyfile, _ = certificate
    for name, value in options.items():
        setattr(config, name, value)
    if mended:
        assert hypercorn_fixes.install(stalled_client_timeout_s=stall_s)
    else:
        hypercorn_fixes.uninstall()

    async def run(task_status: trio.TaskStatus[list[str]]) -> None:
        try:
            await hypercorn.trio.serve(
                with_lifespan(app), config, shutdown_trigger=served.stop.wait, task_status=task_status, mode="asgi"
            )
        except Exception as error:
            served.died = error
        finally:
            served.gone.set()

    async with trio.open_nursery() as nursery:
        binds = await nursery.start(run)
        served.port = int(binds[0].rsplit(":", 1)[1])
        try:
            yield served
        finally:
            served.stop.set()


async def happens(event: trio.Event, within_s: float = 1000.0) -> bool:
    """Whether the event is set in time."""
    with trio.move_on_after(within_s):
        await event.wait()
    return event.is_set()


def client_tls(files: tuple[str, str, str], protocol: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=files[2])
    context.set_alpn_protocols([protocol])
    return context
