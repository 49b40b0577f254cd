"""What TCP knows of a connection and no stream of Trio's tells.

A reader finds the FIN of its peer only behind the bytes that came before it, and not at all
while it does not read; a writer does not learn what of its bytes has arrived; and closing
sends a FIN, which waits behind all of them. The kernel knows better (tcp(7), epoll(7),
socket(7)). Linux only, like epoll.
"""

from __future__ import annotations

import fcntl
import select
import socket
import struct
import termios
from enum import StrEnum

import trio

_RST_ON_CLOSE = struct.pack("ii", 1, 0)


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
            if (how := _how(poll.poll(0))) is not None:
                return how


def departed(sock: trio.socket.SocketType) -> Departure | None:
    """What `departure` waits for, if it has happened already; None once `sock` is closed."""
    poll = select.poll()
    if sock.fileno() == -1:
        return None
    poll.register(sock.fileno(), select.POLLRDHUP)
    return _how(poll.poll(0))


def _how(happened: list[tuple[int, int]]) -> Departure | None:
    # The bits of poll(2) are those of epoll(7).
    for _, bits in happened:
        return Departure.RST if bits & (select.POLLERR | select.POLLHUP) else Departure.FIN
    return None


def unacknowledged_bytes(sock: trio.socket.SocketType) -> int:
    """Bytes written that the peer's kernel has not acknowledged (SIOCOUTQ); 0 once `sock` is closed."""
    try:
        (count,) = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))
    except (OSError, ValueError):  # not connected any more; closed by us
        return 0
    return int(count)


def reset(sock: trio.socket.SocketType) -> None:
    """Close with RST (SO_LINGER 0): drop what the kernel still holds and wake whoever reads or writes. Idempotent."""
    if sock.fileno() != -1:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
        sock.close()
