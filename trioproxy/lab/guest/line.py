"""What both protocols have in common: a connection with one request on it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import ssl
import struct
import termios
from dataclasses import dataclass
from typing import Protocol

import trio

from trioproxy.lab.script import Ask, Going
from trioproxy.lab.tcp import TcpStream
from trioproxy.sockets import reset

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Wire:
    """A connection: the stream to talk through, and the TCP socket under it."""

    stream: trio.abc.Stream
    socket: trio.socket.SocketType
    host: str
    secure: bool

    def close(self) -> None:
        """FIN: what has come and was not read is read first, or the kernel would make it RST. Idempotent.

        Read is what is there now, once: a peer that goes on sending would have its way otherwise, and is answered RST.
        """
        if self.socket.fileno() < 0:
            return
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.socket.fileno())) as raw:
            # Past Trio, which would wait.
            raw.setblocking(False)
            (unread_bytes,) = struct.unpack("i", fcntl.ioctl(raw, termios.FIONREAD, bytes(4)))
            raw.recv(max(1, unread_bytes))
        self.socket.close()

    def reset(self) -> None:
        """RST."""
        reset(self.socket)

    def half_close(self) -> None:
        """FIN, and read on."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            if error.errno != errno.ENOTCONN:
                raise


@dataclass(frozen=True, slots=True)
class Way:
    """How to get to a server. With `tls`, one of `alpn` has to be agreed on (None: nothing was offered or taken)."""

    address: Address
    tls: ssl.SSLContext | None = None
    alpn: tuple[str | None, ...] = (None,)
    # Whom the certificate has to be of.
    hostname: str = "localhost"

    async def connect(self, receive_buffer_bytes: int | None = None) -> Wire:
        """A connection, TLS included.

        The receive buffer is set before connecting, or the window would be agreed without it.

        Raises:
            OSError: it is refused, or TLS, or the protocol, cannot be agreed on.
        """
        host, port = self.address
        sock = trio.socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        try:
            if receive_buffer_bytes is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
            await sock.connect(self.address)
            stream = TcpStream(trio.SocketStream(sock))
            if self.tls is None:
                return Wire(stream, sock, f"{host}:{port}", secure=False)
            return Wire(await self._agree(stream, self.tls), sock, f"{self.hostname}:{port}", secure=True)
        except BaseException:
            sock.close()
            raise

    async def _agree(self, stream: TcpStream, tls: ssl.SSLContext) -> trio.abc.Stream:
        talk = trio.SSLStream(stream, tls, server_hostname=self.hostname, https_compatible=True)
        try:
            await talk.do_handshake()
        except trio.BrokenResourceError as error:
            raise OSError(f"TLS: {error.__cause__ or error}") from error
        if (agreed := talk.selected_alpn_protocol()) not in self.alpn:
            raise OSError(f"TLS: {self.alpn[-1]} was not agreed on, but {agreed or 'nothing'}")
        return talk


class Line(Protocol):
    """One request on one connection, in one protocol. What comes is written into its visit.

    Reading and taking what was read are apart, so that a wait can be given up without losing bytes.
    """

    wire: Wire

    async def write(self) -> None:
        """Runs beside the rest, if somebody has to; it is cancelled in the end."""
        ...

    async def begin(self, ask: Ask, share: float) -> None:
        """Send the head, and this share of the body."""
        ...

    async def finish(self) -> None:
        """Send what is left of the request."""
        ...

    async def take(self, data: bytes) -> None:
        """Understand what was read; `b""` is the end of the connection."""
        ...

    async def leave(self, how: Going) -> None:
        """Go. Nothing is sent after that."""
        ...

    async def send_more(self, data: bytes) -> None:
        """Bytes after the request."""
        ...
