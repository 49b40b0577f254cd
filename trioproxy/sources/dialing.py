"""From an origin to a line: DNS, TCP (happy eyeballs), TLS.

One `ssl.SSLContext` per set of trusted certificates, made when it is first
needed and kept: making one reads some 150 certificates and blocks for about
30 ms.
"""

from __future__ import annotations

import contextlib
import os
import ssl
from typing import NamedTuple

import certifi
import trio

from trioproxy.errors import UpstreamConnectFailed
from trioproxy.sources.line import Line, PlainLine, TlsLine


class Origin(NamedTuple):
    """Where connections are interchangeable. `ca_file` None: the usual authorities."""

    tls: bool
    host: str
    port: int
    ca_file: str | None = None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Trust:
    """Whom to believe: certifi's list, or `SSL_CERT_FILE` and `SSL_CERT_DIR`, or an origin's own file."""

    def __init__(self) -> None:
        self._contexts: dict[str | None, ssl.SSLContext] = {}

    def context(self, ca_file: str | None) -> ssl.SSLContext:
        """The context that trusts `ca_file`.

        Raises:
            OSError, ssl.SSLError: it cannot be read, or holds no certificates.
        """
        context = self._contexts.get(ca_file)
        if context is None:
            context = self._contexts[ca_file] = _context(ca_file)
        return context


def _context(ca_file: str | None) -> ssl.SSLContext:
    ca_dir = None
    if ca_file is None:
        ca_file, ca_dir = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        if not ca_file and not ca_dir:
            ca_file = certifi.where()
    context = ssl.create_default_context(cafile=ca_file or None, capath=ca_dir or None)
    context.set_alpn_protocols(["http/1.1"])
    return context


async def dial(origin: Origin, trust: Trust) -> Line:
    """Connect. Cancellation closes whatever is half open, synchronously, before it propagates.

    Raises:
        UpstreamConnectFailed: no name, no answer, or no trust.
    """
    context = None
    if origin.tls:
        try:
            context = trust.context(origin.ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise UpstreamConnectFailed(f"cannot read the trusted certificates for {origin}: {error}") from error
    try:
        stream = await trio.open_tcp_stream(origin.host, origin.port)
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name that IDNA cannot encode
        raise UpstreamConnectFailed(f"cannot connect to {origin}: {_why(error)}") from error
    with contextlib.suppress(OSError):
        stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_KEEPALIVE, 1)
    if context is None:
        return PlainLine(stream)
    try:
        line = TlsLine(stream, context, origin.host)
        await line.handshake()
    except trio.BrokenResourceError as error:
        stream.socket.close()
        raise UpstreamConnectFailed(f"no TLS with {origin}: {_why(error.__cause__ or error)}") from error
    except BaseException:
        stream.socket.close()
        raise
    return line


def _why(error: BaseException) -> str:
    """The reason in words: what the system or OpenSSL says, once."""
    if isinstance(error.__cause__, BaseExceptionGroup):  # one attempt for each address
        return ", ".join(dict.fromkeys(_why(each) for each in error.__cause__.exceptions))
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLEOFError):
        return "closed during the handshake"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    if isinstance(error, OSError) and error.errno and error.errno > 0:  # trio's text repeats the address
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error) or "reset during the handshake"
