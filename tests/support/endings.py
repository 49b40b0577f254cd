"""How each cell of the table of endings is brought about, as far as the upstream has to do with it.

Shared by the tests of the relay (how a call ends) and of the exchange (how its delivery does).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from trioproxy.lab.script import (
    Action,
    Chunk,
    Close,
    End,
    Garble,
    Head,
    Raw,
    Refuse,
    Script,
    Silence,
    Take,
    Unreachable,
)
from trioproxy.lab.source import ScriptedSource
from trioproxy.model import Plan, RawHeaders
from trioproxy.rules.lifecycle import TABLE, Cause, Ending, Phase
from trioproxy.sources.base import Answer, Progress

POSSIBLE = [key for key, cell in TABLE.items() if isinstance(cell, Ending)]

# A second of the virtual clock: the phase has been reached by then, and nothing else has happened.
WHEN_S = 1.0
# As long as a silence may last, where there is one.
LIMIT_S = 3.0

# What a relay that is blocked on its client can only notice once it reads on.
NOTICED_LATE = {Cause.UPSTREAM_BROKE, Cause.UPSTREAM_GARBLED, Cause.INTERNAL}


def story(phase: Phase, cause: Cause, *, headers: RawHeaders, first: bytes, much: bytes, last: bytes) -> Script:
    """How the upstream goes on to `phase`, and what it has to do with `cause`, which happens at `WHEN_S`.

    `much` is more than may wait for a client; `last` is the protocol's last event.
    """
    head = Head(headers=headers)
    start: list[Action | float] = {
        Phase.CONNECTING: [],
        Phase.SENDING: [],
        Phase.WAITING: [],
        Phase.STREAMING: [head, Chunk(first)],
        Phase.BLOCKED: [head, Chunk(much)],
        Phase.ENDED: [head, Chunk(first), WHEN_S / 4, Chunk(last)],
    }[phase]
    end: list[Action | float] = [Silence()]
    if phase is Phase.CONNECTING:
        broken = {Cause.UPSTREAM_REFUSED, Cause.UPSTREAM_BROKE, Cause.UPSTREAM_GARBLED}
        end = [WHEN_S, Refuse()] if cause in broken else [Unreachable()]
    elif phase is Phase.ENDED:
        end = [End()]
    elif cause is Cause.UPSTREAM_BROKE:
        end = [WHEN_S, Close()]
    elif cause is Cause.UPSTREAM_GARBLED:
        end = [WHEN_S, Garble()] if start else [WHEN_S, Raw(b"SSH-2.0"), Silence()]
    elif cause is Cause.INTERNAL:
        end = [WHEN_S, Chunk(first), End()] if start else [WHEN_S, head, End()]
    take = Take.NOTHING if phase is Phase.SENDING and cause is not Cause.CLIENT_FAULT else Take.WHOLE
    return Script.of(*start, *end, take=take)


def limits_for(cause: Cause) -> dict[Phase, float]:
    """The limits of the phases, in seconds: none but where one is to pass."""
    return dict.fromkeys(Phase, LIMIT_S) if cause is Cause.UPSTREAM_SILENT else {}


@dataclass
class Faulty:
    """A source that raises what no source may, when it enters a phase for the `times`-th time."""

    inner: ScriptedSource
    phase: Phase
    times: int

    @classmethod
    def within(cls, inner: ScriptedSource, phase: Phase) -> Faulty:
        """One that fails while the call is in `phase`; where that is blocked, as soon as it goes on."""
        if phase in (Phase.STREAMING, Phase.BLOCKED):
            return cls(inner, Phase.STREAMING, 3)  # with the head, with the first chunk, now
        return cls(inner, phase, 1)

    @asynccontextmanager
    async def open(self, plan: Plan, progress: Progress) -> AsyncIterator[Answer]:
        left = self.times

        class Tripwire:
            permission = progress.permission

            @staticmethod
            def enter(phase: Phase) -> None:
                nonlocal left
                progress.enter(phase)
                left -= phase is self.phase
                if not left:
                    raise ZeroDivisionError("a fault of ours")

        async with self.inner.open(plan, Tripwire()) as answer:
            yield answer
        if self.phase is Phase.ENDED:
            raise ZeroDivisionError("a fault of ours")
