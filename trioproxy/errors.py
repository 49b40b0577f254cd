"""The tree of errors, sorted by whose fault it is.

Every error that may reach a client knows the HTTP status it is answered with
and the code that goes into `x-trioproxy-error`. Once the response head is out
there is no status left to send: then the same error truncates the stream.
"""

from __future__ import annotations

from typing import ClassVar


class TrioProxyError(Exception):
    """Root of the tree; never raised itself."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ClientError(TrioProxyError):
    """The request is at fault; nothing was sent upstream, or no more of it will be."""

    status = 400
    code = "bad_request"


class UnknownRoute(ClientError):
    """The path is none of ours."""

    status = 404
    code = "not_found"


class UnknownProvider(ClientError):
    """The path names a provider that is not configured."""

    status = 404
    code = "unknown_provider"


class RequestTimeout(ClientError):
    """The client stayed silent for longer than `server.request_silence` while it owed a body."""

    status = 408
    code = "request_timeout"


class RequestTooLarge(ClientError):
    """The body of a request that is read whole is over `server.max_request_bytes`."""

    status = 413
    code = "request_too_large"


class FellBehind(ClientError):
    """The client reads so slowly that the others at the same answer have left it too far behind."""

    status = 408
    code = "client_stalled"


class UpgradeRequired(ClientError):
    """WebSocket is not spoken on provider routes (RFC 9110, 15.5.22)."""

    status = 426
    code = "upgrade_required"


class UpstreamError(TrioProxyError):
    """The upstream, or the way to it, is at fault. `garbled`: it spoke, but not HTTP."""

    status = 502
    code = "upstream_closed"

    def __init__(self, message: str, *, garbled: bool = False) -> None:
        super().__init__(message)
        self.garbled = garbled


class UpstreamConnectFailed(UpstreamError):
    """DNS, refused, TLS, or `timeouts.connect` passed: nothing was sent."""

    code = "upstream_connect_failed"


class UpstreamClosed(UpstreamError):
    """The connection broke (closed, reset, or garbled) before a response head."""

    code = "upstream_closed"


class UpstreamTimeout(UpstreamError):
    """A phase after connecting took longer than its limit in `[timeouts]`."""

    status = 504
    code = "upstream_timeout"


class UpstreamTruncated(UpstreamError):
    """The response body ended before its framing said so; the head is out already."""

    code = "upstream_truncated"


class OurError(TrioProxyError):
    """A fault of this proxy."""


class Draining(OurError):
    """The proxy is shutting down and takes no new work."""

    status = 503
    code = "draining"


class ShuttingDown(Draining):
    """The server's shutdown deadline ended a call that was in flight."""


class ConfigurationError(TrioProxyError):
    """The configuration is wrong. `problems` names each fault: file, key, and what was expected."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class LedgerError(OurError):
    """The ledger cannot be opened, read or written."""
