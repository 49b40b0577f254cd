"""The seam between the relay and whatever answers a call.

    async with source.open(plan, progress) as answer:
        answer.head
        while chunk := await answer.receive(): ...

A source moves through the phases of `rules/lifecycle.py` by calling
`progress.enter`; the relay owns the deadline of each. Leaving the block closes
whatever is not finished, at once and without waiting for the peer.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from trioproxy.model import Head, Plan
from trioproxy.rules.lifecycle import Phase


class Progress(Protocol):
    """What a source tells the relay, and asks of it, on the way."""

    def enter(self, phase: Phase) -> None:
        """Say that `phase` begins, or goes on with new progress: its deadline starts anew."""
        ...

    async def permission(self) -> None:
        """Return when the first byte may go upstream (the call's row is durable, or late)."""
        ...


class Answer(Protocol):
    """A response whose head has come."""

    @property
    def head(self) -> Head:
        """Its head, end-to-end headers alone."""
        ...

    async def receive(self) -> bytes:
        """The next bytes of the body, framing removed; `b""` once it has ended as framed.

        Raises:
            UpstreamTruncated: the connection broke or was garbled first.
        """
        ...


class Filter(Protocol):
    """Takes something out of a body on its way to the clients. Never raises, whatever the bytes are."""

    def feed(self, data: bytes) -> bytes:
        """What of `data`, and of what was held back, may pass now."""
        ...

    def end(self) -> bytes:
        """What was held back, at the body's end."""
        ...


class Source(Protocol):
    """Something that answers a call."""

    def open(self, plan: Plan, progress: Progress) -> AbstractAsyncContextManager[Answer]:
        """Connect, send the request, wait for the head. What was sent is never sent again.

        Raises (on entering):
            UpstreamConnectFailed: no connection; nothing was sent.
            UpstreamClosed: the connection broke before a head; what of the request had arrived nobody knows.
            Whatever `plan.body` raises, if it is a stream.

        Cancellation closes the connection before it propagates.
        """
        ...
