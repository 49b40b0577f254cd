"""The seam between the transport and a version of HTTP.

The transport chooses and replaces connections; what is spoken on one is the
connection's own affair. Another version of HTTP is another class with these
methods, made from the same `dialing.dial`.
"""

from __future__ import annotations

from typing import Protocol

from trioproxy.errors import UpstreamClosed
from trioproxy.sources.base import Answer, Progress
from trioproxy.sources.outgoing import Outgoing


class Closable(Answer, Protocol):
    """An answer that can be left."""

    def close(self) -> None:
        """Break off what has not ended, at once, without waiting. Twice is harmless."""
        ...


class NothingSent(UpstreamClosed):
    """An idle connection was found dropped when it was to be used: it has taken no byte of the request."""


class Connection(Protocol):
    """A connection that carries exchanges."""

    async def exchange(self, request: Outgoing, progress: Progress) -> Closable:
        """Send `request`, wait for the head of the answer.

        After an exception, cancellation included, the caller closes the connection.

        Raises:
            NothingSent: it has served before, and before the first write the upstream was found to have
                closed it or spoken unasked, or that write failed with not a byte taken. `request` is as
                it was, its body not begun. A connection that is new does not raise this: whatever the
                upstream said at once is the answer.
            ClientError: `request` cannot be written, or its body contradicts its head.
            UpstreamClosed: closed, reset or garbled before a head. Some of the request may have arrived.
            Whatever the body raises, as it is.
        """
        ...

    def dropped(self) -> bool:
        """While it lies idle: the upstream has closed it, or has spoken unasked."""
        ...

    def close(self) -> None:
        """Close at once, synchronously; what was not finished is broken off."""
        ...
