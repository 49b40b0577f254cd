"""Notices that a peer has left a TCP connection, without reading from it.

A reader finds the FIN only behind the bytes that came before it, and not at all while
it does not read. epoll tells of both FIN (EPOLLRDHUP) and RST (EPOLLERR) at once,
and an epoll object can itself be waited for. Linux only, like epoll.
"""

from __future__ import annotations

import select
from enum import StrEnum

import trio


class Departure(StrEnum):
    """How a peer left."""

    FIN = "FIN"
    RST = "RST"


async def departure(sock: trio.socket.SocketType) -> Departure:
    """Wait until the peer has closed or reset `sock`'s connection; say which. Reads nothing.

    Our own side must still be open: both sides closed look like RST. (The error itself,
    EPOLLERR, is gone once another call has met it.) A FIN that waits behind bytes for
    which nobody has room has not arrived; no one can see it.

    Cancellation leaves the socket as it was.
    """
    with select.epoll() as poll:
        # HUP and ERR are always reported.
        poll.register(sock.fileno(), select.EPOLLRDHUP)
        while True:
            await trio.lowlevel.wait_readable(poll.fileno())
            for _, happened in poll.poll(0):
                return Departure.RST if happened & (select.EPOLLERR | select.EPOLLHUP) else Departure.FIN
