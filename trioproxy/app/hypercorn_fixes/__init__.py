"""Mends for faults of Hypercorn 0.18 that end streams, connections or the whole server.

    h1 ┐                     ┌ patience   who may wait how long
       ├─ connection ─ wire ─┤
    h2 ┘                     └ inbox      what the application has not received

Subclasses, installed by rebinding the names that Hypercorn looks up when it accepts a connection;
importing this package changes nothing. What each one mends stands at the top of its file, the
reasons in docs/adr/0008, patches for upstream in docs/upstream.
"""

from __future__ import annotations

import importlib.metadata
import logging

import hypercorn.protocol
import hypercorn.trio.run
import hypercorn.trio.tcp_server
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.tcp_server import TCPServer

from trioproxy.app.hypercorn_fixes.connection import MendedTCPServer
from trioproxy.app.hypercorn_fixes.h1 import MendedH11Protocol
from trioproxy.app.hypercorn_fixes.h2 import MendedH2Protocol
from trioproxy.app.hypercorn_fixes.inbox import EXTENSION as INBOX
from trioproxy.app.hypercorn_fixes.inbox import MendedTaskGroup
from trioproxy.app.hypercorn_fixes.patience import ClientGone, ClientStalled, set_stalled_client_timeout

__all__ = ["INBOX", "ClientGone", "ClientStalled", "install", "uninstall"]

log = logging.getLogger("trioproxy")

WRITTEN_FOR = "0.18"

_REBOUND = (
    (hypercorn.trio.run, "TCPServer", TCPServer, MendedTCPServer),
    (hypercorn.trio.tcp_server, "TaskGroup", TaskGroup, MendedTaskGroup),
    (hypercorn.protocol, "H11Protocol", H11Protocol, MendedH11Protocol),
    (hypercorn.protocol, "H2Protocol", H2Protocol, MendedH2Protocol),
)


def install(*, stalled_client_timeout_s: float) -> bool:
    """Mend every connection accepted from now on; call it before the first. Later calls set the timeout.

    Returns False, and changes nothing, if Hypercorn is not the version these mends were written for.
    """
    version = importlib.metadata.version("hypercorn")
    if version.split(".")[:2] != WRITTEN_FOR.split("."):
        log.warning(
            "Hypercorn %s is running, its mends were written for %s.*: NOT installed. Clients that stop reading, "
            "unfinished HTTP/2 responses and faults of one connection are not contained (docs/adr/0008)",
            version,
            WRITTEN_FOR,
        )
        return False
    set_stalled_client_timeout(stalled_client_timeout_s)
    for module, name, _, mended in _REBOUND:
        setattr(module, name, mended)
    return True


def uninstall() -> None:
    """Hypercorn as it is delivered, for connections accepted from now on."""
    for module, name, stock, _ in _REBOUND:
        setattr(module, name, stock)
