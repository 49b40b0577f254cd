"""What is explored: something that serves clients by calling an upstream, and keeps books of both.

    footing: source, ledger, clock, conditions ─▶ Subject.serving ─▶ Serving: an ASGI app, `close`, `left_over`

Whatever else is to be known of a run is seen from outside, by those who stand around it: what each client got
(`visit.py`), what became of each upstream call (`upstream.py`), what was booked (`books.py`), what was logged.
So the real proxy (`ours.py`) and the variants of it that `trioproxy lab compare` makes run under the same engine and
have to keep the same invariants.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from trioproxy.app.compose import limits
from trioproxy.rules.lifecycle import Phase
from trioproxy.settings import DisconnectSettings, ReplaySettings, RoutingSettings, TimeoutSettings
from trioproxy.sources.base import Source
from trioproxy.store.base import Ledger
from trioproxy.trace.records import Lane, What

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Tell(Protocol):
    """Notes what happens now."""

    def __call__(self, lane: Lane, what: What, note: str = "", *, size_bytes: int = 0, who: int = 0) -> None:
        """`who`: which of the clients, or calls, from 0."""
        ...


@dataclass(frozen=True, eq=False)
class Conditions:
    """What a subject is configured to. `replay` and `routing` are off where they are None."""

    disconnect: DisconnectSettings = field(default_factory=DisconnectSettings)
    replay: ReplaySettings | None = None
    routing: RoutingSettings | None = None
    # The longest each phase of a call may take without progress, in seconds.
    limits_s: Mapping[Phase, float] = field(default_factory=lambda: limits(TimeoutSettings()))
    max_request_bytes: int = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Footing:
    """What a subject stands on in one run.

    Args:
        clock: seconds since the epoch, of the virtual clock.
        chance: random bytes; the same in every run.
        tell: adds to the run's timeline what only the subject knows, such as who sits where; None if nobody draws one.
    """

    source: Source
    ledger: Ledger
    clock: Callable[[], float]
    chance: Callable[[int], bytes]
    conditions: Conditions
    tell: Tell | None = None


class Serving(Protocol):
    """A subject that serves, in one run."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, as an ASGI application does.

        Cancellation: a server that stops at once cancels it from outside. An answer whose last message
        (`more_body` false) is not sent is truncated. `scope["extensions"]` may hold an inbox
        (`app/hypercorn_fixes/inbox.py`), which tells at once of a client that leaves; else `receive` does.
        """
        ...

    def close(self, grace_s: float) -> None:
        """Take no new work, and end what still goes on after `grace_s` seconds; again, perhaps, with less grace."""
        ...

    def left_over(self) -> Sequence[str]:
        """What is still held, in words, after `serving` has been left: seats, tapes, entries in tables."""
        ...

    def kept(self) -> Sequence[bytes]:
        """The bodies of the answers that it would give again."""
        return ()


class Subject(Protocol):
    """Something that can be explored."""

    @property
    def name(self) -> str:
        """What results call it."""
        ...

    def serving(self, footing: Footing) -> AbstractAsyncContextManager[Serving]:
        """It serves inside the block; leaving it waits until all of its tasks have ended.

        Nobody waits for that for ever: after a while (virtual) the block is cancelled, and the run is reported as one
        that hangs.
        """
        ...
