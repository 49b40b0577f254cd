"""A source that notes what it does for one call; what it answers is the inner one's.

    Relay ─▶ NotingSource ─▶ the source
                  └─▶ Notes: upstream head, bytes, end, broke, closed; pump cancelled

By whom the pump was cancelled is known a moment later, from the scope that caught it: whoever settles completes
that note.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from trioproxy.errors import UpstreamError
from trioproxy.model import Head, Plan
from trioproxy.rules.lifecycle import cause_of
from trioproxy.sources.base import Answer, Progress, Source
from trioproxy.trace.notes import Notes
from trioproxy.trace.records import Lane, Value, What
from trioproxy.wire.headers import content_coding, length, media_type

_LONGEST_WORD = 80


class NotingSource:
    """Implements `sources.base.Source`, for one call."""

    def __init__(self, source: Source, notes: Notes) -> None:
        self._source = source
        self._notes = notes
        # The number of the note that the pump was cancelled.
        self.cancelled: int | None = None

    @asynccontextmanager
    async def open(self, plan: Plan, progress: Progress) -> AsyncIterator[Answer]:
        """See `sources.base.Source.open`."""
        notes, noting = self._notes, None
        try:
            opening = self._source.open(plan, progress)
            del plan  # this frame lives as long as the answer, the request's body need not
            async with opening as answer:
                notes.note(Lane.UPSTREAM, What.HEAD, str(answer.head.status))
                with notes.wall:
                    notes.measure(_framing(answer.head))
                noting = _NotingAnswer(answer, notes)
                yield noting
        except trio.Cancelled:
            self.cancelled = notes.note(Lane.PUMP, What.CANCELLED)
            raise
        except UpstreamError as error:
            if noting is None:
                notes.note(Lane.UPSTREAM, What.BROKE, _words(error))
            raise
        finally:
            if noting is None or not noting.ended:  # else the connection may serve again
                notes.note(Lane.UPSTREAM, What.CLOSED)


class _NotingAnswer:
    """Implements `sources.base.Answer`."""

    def __init__(self, answer: Answer, notes: Notes) -> None:
        self._answer = answer
        self._notes = notes
        self.head = answer.head
        self.ended = False

    async def receive(self) -> bytes:
        """See `sources.base.Answer.receive`."""
        try:
            chunk = await self._answer.receive()
        except UpstreamError as error:
            self._notes.note(Lane.UPSTREAM, What.BROKE, _words(error))
            raise
        if chunk:
            self._notes.chunk(Lane.UPSTREAM, chunk, keep=True)
        else:
            self.ended = True
            self._notes.note(Lane.UPSTREAM, What.END)
        return chunk


def _words(error: UpstreamError) -> str:
    return f"{cause_of(error)}: {error}"


def _framing(head: Head) -> dict[str, Value]:
    """What a head says about the body, as far as it has to be known to tell the story again; no other header."""
    length_bytes = length(head.headers)
    framing = "close" if not head.framed else "length" if length_bytes is not None else "chunked"
    return {
        "status": head.status,
        "media_type": media_type(head.headers)[:_LONGEST_WORD],
        "content_coding": content_coding(head.headers)[:_LONGEST_WORD],
        "framing": framing,
        "length_bytes": length_bytes,
    }
