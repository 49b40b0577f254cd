"""Ports for servers that have to be told theirs, and cannot say which one they took."""

from __future__ import annotations

import random
import socket
from pathlib import Path

# First and last port that the kernel gives to whoever does not care, connecting included (ip(7)).
_KERNELS = Path("/proc/sys/net/ipv4/ip_local_port_range")
# Lower ones belong to well-known servers.
_FIRST = 10_000


def free_ports(count: int) -> list[int]:
    """So many ports of the loopback interface on which nobody listens; different ones.

    Between now and when a server binds it, another process could take a port. That is unlikely
    as long as they are none of those that the kernel gives away, and chosen by chance.

    Raises:
        OSError: there are not so many.
    """
    candidates = _candidates()
    random.SystemRandom().shuffle(candidates)
    found: list[int] = []
    while len(found) < count:
        if not candidates:
            raise OSError(f"{count} free ports were asked for, and there are {len(found)}")
        port = candidates.pop()
        if _is_free(port):
            found.append(port)
    return found


def _candidates() -> list[int]:
    """Those that the kernel does not give away; all, if it gives away all of them."""
    first, last = map(int, _KERNELS.read_text().split())
    return [port for port in range(_FIRST, 65_536) if not first <= port <= last] or list(range(_FIRST, 65_536))


def _is_free(port: int) -> bool:
    with socket.socket() as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
