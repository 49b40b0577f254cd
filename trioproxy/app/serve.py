"""`trioproxy serve`: Hypercorn's trio worker with our own signals, draining and exit status.

SIGTERM ─▶ drain (503 for new work, streams go on) ─▶ graceful_timeout ─▶ house closed ─▶ Hypercorn stops
a second signal ─▶ everything is cancelled at once; the rows are still written
"""

from __future__ import annotations

import logging
import os
import signal
import socket
from functools import partial
from typing import cast

import trio
from hypercorn.config import Config, Sockets
from hypercorn.trio import serve as hypercorn_serve
from hypercorn.utils import LifespanFailureError

from trioproxy import hypercorn_config
from trioproxy.app import hypercorn_fixes
from trioproxy.app.compose import compose
from trioproxy.app.process import set_up_logging, tune_interpreter, warn_of_forward_proxies
from trioproxy.app.proxy import ProxyApp, State
from trioproxy.errors import OurError, TrioProxyError
from trioproxy.settings import Settings

log = logging.getLogger("trioproxy")

# Hypercorn's own grace, after ours: for what is left on the wire of streams that have been ended.
LAST_BYTES_S = 1.0
# The kernel cannot tell a client that stalls from one that has vanished; so it looks later than we do.
VANISHED_AFTER_S = 15.0


class ServerConfig(Config):
    """Hypercorn's configuration, with listening sockets that notice peers that have vanished."""

    user_timeout_s: float

    def create_sockets(self) -> Sockets:
        """Hypercorn's, each with TCP_USER_TIMEOUT (tcp(7)), which accepted connections inherit."""
        sockets = super().create_sockets()
        for sock in (*sockets.secure_sockets, *sockets.insecure_sockets):
            if sock.family in (socket.AF_INET, socket.AF_INET6):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self.user_timeout_s * 1000))
        return sockets


def server_config(settings: Settings) -> ServerConfig:
    """Hypercorn's settings for these of ours."""
    config = cast(ServerConfig, ServerConfig.from_object(hypercorn_config))
    server = settings.server
    host = f"[{server.host}]" if ":" in server.host else server.host
    config.bind = [f"{host}:{server.port}"]
    config.graceful_timeout = LAST_BYTES_S
    config.user_timeout_s = server.stalled_client_timeout + VANISHED_AFTER_S
    config.certfile, config.keyfile = server.certfile, server.keyfile
    config.errorlog = logging.getLogger("trioproxy.server")
    config.errorlog.setLevel(logging.WARNING)  # the line with the address is ours
    return config


async def run_server(
    settings: Settings,
    *,
    stop: trio.Event,
    owner: str | None = None,
    task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> int:
    """Serve until `stop` is set, then drain. Reports its base URL as started.

    Returns:
        The exit status: 0, or 1 if the ledger's writer or the house was lost.

    Raises:
        OurError: the ledger cannot be opened, or the address not be bound.

    Cancelled: streams end at once and are settled as `shutdown`; their rows are still written.
    """
    warn_of_forward_proxies(os.environ)
    hypercorn_fixes.install(stalled_client_timeout_s=settings.server.stalled_client_timeout)
    app = compose(settings, on_lost=stop.set, owner=owner)
    shut = trio.Event()
    try:
        async with trio.open_nursery() as nursery:  # noqa: TID251 - the server's own
            binds = await nursery.start(
                partial(hypercorn_serve, app, server_config(settings), shutdown_trigger=shut.wait, mode="asgi")
            )
            await app.opened.wait()  # Hypercorn tells its address also when the lifespan has failed
            tune_interpreter()
            task_status.started(binds[0])
            await stop.wait()
            await _drain(app, settings.server.graceful_timeout)
            shut.set()
    except BaseExceptionGroup as group:
        raise _bare(group, settings) from None
    return 1 if app.state is State.LOST else 0


async def _drain(app: ProxyApp, grace_s: float) -> None:
    """Refuse new work, let streams in flight end, detached ones too, then end those that have not."""
    app.drain()
    house = app.desk.house
    alone = len(house.detached)
    log.info("draining: %d requests in flight, %d calls without a client, %g s to end", app.requests, alone, grace_s)
    with trio.move_on_after(grace_s):  # noqa: TID251 - the server's own deadline
        await house.vacated.wait()
        await app.wait_idle()
    house.close()


def _bare(group: BaseExceptionGroup[BaseException], settings: Settings) -> BaseException:
    """The one exception within nested groups, in words for people if it is one they can do something about."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, LifespanFailureError):  # "Lifespan failure in startup. 'why'"
        return OurError(str(error).partition("'")[2].removesuffix("'"))
    if isinstance(error, OSError):
        return OurError(f"cannot listen on {settings.server.host}:{settings.server.port}: {error.strerror}")
    return error if isinstance(error, TrioProxyError | trio.Cancelled) else group


def serve(settings: Settings) -> int:
    """Serve until a signal; returns the exit status.

    Raises:
        OurError: it could not start (in an exception group of Trio's).
    """
    set_up_logging()
    return trio.run(_serve, settings)


async def _serve(settings: Settings) -> int:
    stop = trio.Event()
    status = 0
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with trio.open_nursery() as nursery:  # noqa: TID251 - the process's own

            async def run(*, task_status: trio.TaskStatus[str]) -> None:
                nonlocal status
                status = await run_server(settings, stop=stop, task_status=task_status)
                nursery.cancel_scope.cancel()

            url = await nursery.start(run)
            print(f"trioproxy listening on {url}", flush=True)
            async for _ in signals:
                if stop.is_set():
                    log.warning("a second signal: stopping at once")
                    nursery.cancel_scope.cancel()
                    break
                stop.set()
    return status
