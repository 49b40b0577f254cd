"""The axes of the compact relay: what can be decided about a stream's life, one argument each.

    Semantics(pump=Pump.HOUSE, leaving=Leaving.of("linger:10"), settle=Settle.of("shielded:0.3"), ...)

Each value has a text, which is what the command line takes and what a results file says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Self

from trioproxy.model import Policy

# What `drain` waits for at most, where nothing else is said (seconds).
DRAIN_S = 300.0
KIB = 1024


class Pump(StrEnum):
    """Who reads the upstream."""

    # A task in the server's own nursery: it may outlive its client.
    HOUSE = "house"
    # A task in the nursery of the request that asked.
    REQUEST = "request"
    # Nobody: the response generator itself, in `try` and `finally`.
    GENERATOR = "generator"
    # A task in a nursery that the response generator opens around its `yield`.
    NESTED = "nested"

    @property
    def generates(self) -> bool:
        """The framework iterates a generator of ours, and owns it."""
        return self in (Pump.GENERATOR, Pump.NESTED)


class Cause(StrEnum):
    """How it is found why a call ended."""

    # From the scope that caught the cancellation, or the exception that left the block.
    STRUCTURE = "structure"
    # A variable: whoever comes first writes it.
    FLAG = "flag"


class End(StrEnum):
    """What the reader takes for the end of the body."""

    # A mark that the pump sets once the body has ended as framed.
    MARK = "mark"
    # That the channel has been closed.
    CLOSED = "closed"


class Follow(StrEnum):
    """Which of several clients the pump waits for."""

    FASTEST = "fastest"
    SLOWEST = "slowest"


class Again(StrEnum):
    """What becomes of the same request while its call still lives."""

    # A call of its own.
    PAYS = "pays"
    JOINS = "joins"


class Manner(StrEnum):
    """How settling waits for the ledger."""

    ENQUEUE = "enqueue"
    SHIELDED = "shielded"
    UNSHIELDED = "unshielded"


@dataclass(frozen=True, slots=True)
class Settle:
    """`enqueue`, `unshielded`, or `shielded:SECONDS` with the longest that the shield holds."""

    manner: Manner = Manner.ENQUEUE
    deadline_s: float = 0.0

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises ValueError: it is none."""
        if text in (Manner.ENQUEUE, Manner.UNSHIELDED):
            return cls(Manner(text))
        name, _, seconds = text.partition(":")
        seconds_s = _seconds(seconds)
        if name == Manner.SHIELDED and seconds_s is not None:
            return cls(Manner.SHIELDED, seconds_s)
        raise ValueError("expected enqueue, unshielded or shielded:SECONDS")

    def __str__(self) -> str:
        return f"{self.manner}:{self.deadline_s:g}" if self.manner is Manner.SHIELDED else str(self.manner)


@dataclass(frozen=True, slots=True)
class Leaving:
    """`abort`, `linger:SECONDS` or `drain[:SECONDS]`: how long a call outlives its last client."""

    policy: Policy = Policy.ABORT
    seconds_s: float = 0.0

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises ValueError: it is none."""
        if text == Policy.ABORT:
            return cls()
        if text == Policy.DRAIN:
            return cls(Policy.DRAIN, DRAIN_S)
        name, _, seconds = text.partition(":")
        seconds_s = _seconds(seconds)
        if name in (Policy.LINGER, Policy.DRAIN) and seconds_s is not None:
            return cls(Policy(name), seconds_s)
        raise ValueError("expected abort, linger:SECONDS or drain[:SECONDS]")

    def __str__(self) -> str:
        if self.policy is Policy.ABORT or self == Leaving(Policy.DRAIN, DRAIN_S):
            return str(self.policy)
        return f"{self.policy}:{self.seconds_s:g}"


@dataclass(frozen=True, slots=True)
class Room:
    """How much may wait in a channel before the pump pauses: `16` chunks, or `32KiB`; one of the two is None."""

    chunks: int | None = None
    size_bytes: int | None = 32 * KIB

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises ValueError: it is none."""
        number = text.removesuffix("KiB")
        if not number.isdecimal():
            raise ValueError("expected a number of chunks, such as 16, or a size, such as 32KiB")
        return cls(None, int(number) * KIB) if number != text else cls(int(number), None)

    def __str__(self) -> str:
        return f"{self.size_bytes // KIB}KiB" if self.size_bytes is not None else str(self.chunks)

    def holds(self, waiting_chunks: int, waiting_bytes: int) -> bool:
        """The pump may go on with so much waiting."""
        if self.size_bytes is not None:
            return waiting_bytes <= self.size_bytes
        return self.chunks is None or waiting_chunks <= self.chunks


@dataclass(frozen=True, slots=True)
class Semantics:
    """One combination of all axes. As it is by default, it is meant to be right."""

    pump: Pump = Pump.HOUSE
    leaving: Leaving = Leaving()
    settle: Settle = Settle()
    room: Room = Room()
    cause: Cause = Cause.STRUCTURE
    end: End = End.MARK
    follow: Follow = Follow.FASTEST
    again: Again = Again.PAYS

    @property
    def cell(self) -> dict[str, str]:
        """Axis to value, as a results file says it."""
        return {AXES[field.name]: str(getattr(self, field.name)) for field in fields(self)}

    @property
    def impossible(self) -> str | None:
        """Why there can be no such relay, or None."""
        if not self.pump.generates:
            return None
        if self.cause is Cause.FLAG:
            return "a generator is told by one exception that it is over: nobody else could write the flag"
        if self.again is Again.JOINS:
            return "a generator belongs to one response: nobody can join it"
        if self.pump is Pump.GENERATOR and self.room != Room():
            return "a generator that pulls has no channel"
        return None


# Field to the axis' name, in the order of a table.
AXES = {
    "pump": "pump",
    "leaving": "policy",
    "settle": "settle",
    "room": "channel",
    "cause": "cause",
    "end": "end",
    "follow": "follow",
    "again": "again",
}


def _seconds(text: str) -> float | None:
    """Seconds above 0, or None."""
    try:
        seconds_s = float(text)
    except ValueError:
        return None
    return seconds_s if 0 < seconds_s < math.inf else None
