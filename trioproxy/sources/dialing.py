"""From an origin to a line: DNS, TCP (happy eyeballs), TLS.

An address that refuses, or does not answer for 250 ms, costs no more than that: the
next one is tried beside it (RFC 8305, 5). One that accepts and hangs up before TLS
is agreed on has won that race; then the others are tried, in order. Any other failure
of TLS is an answer, a certificate above all, and not to be got round.

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

    An address that, after another one has hung up, neither accepts nor refuses is waited for as long
    as the caller does.

    Raises:
        UpstreamConnectFailed: no name, no answer, or no trust. Nothing but TLS's own was sent.
    """
    context = None
    if origin.tls:
        try:
            context = trust.context(origin.ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise UpstreamConnectFailed(f"cannot read the trusted certificates for {origin}: {error}") from error
    tried: set[str] = set()
    try:
        return await _connect(origin, origin.host, context, tried)
    except UpstreamConnectFailed as error:
        if not (tried and _hung_up(error)):
            raise
        failures = [error.message]
    for address in await _addresses(origin):
        if address not in tried:
            try:
                return await _connect(origin, address, context, tried)
            except UpstreamConnectFailed as error:
                if address in tried and not _hung_up(error):
                    raise
                failures.append(error.message)
    raise UpstreamConnectFailed(", ".join(dict.fromkeys(failures)))


async def _connect(origin: Origin, host: str, context: ssl.SSLContext | None, tried: set[str]) -> Line:
    """Connect to `host`: a name, of which the fastest address is taken, or one address. What accepts is `tried`."""
    try:
        stream = await trio.open_tcp_stream(host, origin.port)
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name that IDNA cannot encode
        raise UpstreamConnectFailed(f"cannot connect to {origin}: {_why(error)}") from error
    with contextlib.suppress(OSError):
        stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_KEEPALIVE, 1)
    if context is None:
        return PlainLine(stream)
    try:
        tried.add(_peer(stream))
        line = TlsLine(stream, context, origin.host)
        await line.handshake()
    except trio.BrokenResourceError as error:
        stream.socket.close()
        raise UpstreamConnectFailed(f"no TLS with {origin}: {_why(error.__cause__ or error)}") from error
    except BaseException:
        stream.socket.close()
        raise
    return line


def _peer(stream: trio.SocketStream) -> str:
    try:
        return str(stream.socket.getpeername()[0])
    except OSError:  # reset already; then it may be tried once more
        return ""


async def _addresses(origin: Origin) -> list[str]:
    """All of the origin's addresses; none, if they cannot be looked up any more."""
    try:
        found = await trio.socket.getaddrinfo(origin.host, origin.port, type=trio.socket.SOCK_STREAM)
    except OSError:
        return []
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _hung_up(error: UpstreamConnectFailed) -> bool:
    """The handshake was closed or reset, without a word of what is wrong."""
    cause = error.__cause__ and error.__cause__.__cause__
    return not isinstance(cause, ssl.SSLError) or isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError)


def _why(error: BaseException) -> str:
    """The reason in words: what the system or OpenSSL says, once."""
    if isinstance(error.__cause__, BaseExceptionGroup):  # one attempt for each address
        return ", ".join(dict.fromkeys(_why(each) for each in error.__cause__.exceptions))
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):  # Python 3.11.2 says the second
        return "closed during the handshake"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    if isinstance(error, OSError) and error.errno and error.errno > 0:  # trio's text repeats the address
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error) or "reset during the handshake"
