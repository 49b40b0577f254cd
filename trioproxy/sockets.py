"""What TCP knows of a connection and no stream of Trio's tells.

A reader finds the FIN of its peer only behind the bytes that came before it, and not at all
while it does not read; a writer does not learn what of its bytes has arrived; and closing
sends a FIN, which waits behind all of them. The kernel knows better (tcp(7), epoll(7),
socket(7)). Linux only, like epoll.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import select
import socket
import struct
import termios
from collections.abc import Iterator
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
    if sock.fileno() == -1:
        return None
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLRDHUP)
    return _how(poll.poll(0))


def _how(happened: list[tuple[int, int]]) -> Departure | None:
    # The bits of poll(2) are those of epoll(7).
    for _, bits in happened:
        return Departure.RST if bits & (select.POLLERR | select.POLLHUP) else Departure.FIN
    return None


class Breakage:
    """What broke one connection, for all who use it.

    The kernel tells of a reset, or of a peer that answers no more, once: to whoever meets
    it first. From then on whoever reads finds an end, as behind a FIN.
    """

    __slots__ = ("_error", "_settled")

    def __init__(self) -> None:
        self._error: OSError | None = None
        self._settled: trio.Event | None = None  # the write under way, or the last one, has ended

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Around a write to a socket, or to a stream of Trio's; one at a time."""
        settled = self._settled = trio.Event()
        try:
            yield
        except (OSError, trio.BrokenResourceError) as error:
            self.met(error, reading=False)
            raise
        finally:
            settled.set()

    def met(self, error: OSError | trio.BrokenResourceError, *, reading: bool = True) -> None:
        """Remember what a read, or a write, has met."""
        cause = error.__cause__ if isinstance(error, trio.BrokenResourceError) else error
        # A reset behind a FIN is EPIPE to a write: for whoever reads, the FIN came first.
        if isinstance(cause, OSError) and (reading or cause.errno != errno.EPIPE):
            # A copy: the traceback of the other would keep what was to be written.
            self._error = OSError(*cause.args)

    async def check(self, sock: trio.socket.SocketType) -> None:
        """After a read has found an end. It waits for a write only if that has met the reset as well, or is about to.

        Cancellation loses nothing: the next read finds the end again.

        Raises:
            trio.BrokenResourceError: it is not the end, but what is left of a broken connection.
        """
        if self._settled is not None and departed(sock) is Departure.RST:
            # Between the error of a write and whoever hears of it Trio has a checkpoint.
            await self._settled.wait()
        if self._error is not None:
            raise trio.BrokenResourceError(str(self._error)) from self._error


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
