"""The seam between the transport and a version of HTTP.

The transport chooses and replaces connections; what is spoken on one is the
connection's own affair. Another version of HTTP is another class with these
methods, made from the same `dialing.dial`.
"""

from __future__ import annotations

from typing import Protocol

from trioproxy.sources.base import Answer, Progress
from trioproxy.sources.outgoing import Outgoing


class Closable(Answer, Protocol):
    """An answer that can be left."""

    def close(self) -> None:
        """Break off what has not ended, at once, without waiting. Twice is harmless."""
        ...


class Connection(Protocol):
    """A connection that carries exchanges."""

    @property
    def stale(self) -> bool:
        """It has served before, and not a byte has come since its last request: it had been dropped."""
        ...

    async def exchange(self, request: Outgoing, progress: Progress) -> Closable:
        """Send `request`, wait for the head of the answer.

        After an exception, cancellation included, the caller closes the connection.

        Raises:
            ClientError: `request` cannot be written, or its body contradicts its head.
            UpstreamClosed: closed, reset or garbled before a head.
            Whatever the body raises, as it is.
        """
        ...

    def dropped(self) -> bool:
        """While it lies idle: the upstream has closed it, or has spoken unasked."""
        ...

    def close(self) -> None:
        """Close at once, synchronously; what was not finished is broken off."""
        ...
