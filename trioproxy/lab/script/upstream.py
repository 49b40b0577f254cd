"""What an upstream does, as plain data that reads like a story.

    Script.of(Head(headers=SSE), Chunk(b"data: one\\n\\n"), 0.5, Chunk(b"data: two\\n\\n"), Reset())

A number is a pause in seconds before the action that follows it. The same script is played over
real sockets, HTTP/1.1 and HTTP/2 (`lab/upstream.py`), and without any, on the virtual clock
(`lab/source.py`); what a fault means is written here, once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from trioproxy.model import RawHeaders


class Framing(StrEnum):
    """How the end of a body is told (RFC 9112, 6.3)."""

    CHUNKED = "chunked"
    LENGTH = "length"
    # By the end of the connection.
    CLOSE = "close"
    # There is no body: 204, 304.
    NONE = "none"


class Take(StrEnum):
    """What the upstream does with the request's body."""

    # Reads it to its end before the first step.
    WHOLE = "whole"
    # Reads it while it answers: the first step does not wait for it.
    BESIDE = "beside"
    # Never reads it: a sender with more than the socket buffers hold is stuck.
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Interim:
    """A 1xx response before the head (RFC 9110, 15.2)."""

    status: int = 103
    headers: RawHeaders = ()


@dataclass(frozen=True, slots=True)
class Head:
    """The response head. `headers` are end to end; what `framing` needs is added on the wire.

    `length_bytes` overrides the content-length of `Framing.LENGTH`, which is otherwise the sum of the chunks.
    """

    status: int = 200
    headers: RawHeaders = ()
    framing: Framing = Framing.CHUNKED
    length_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of the body; with `Framing.CHUNKED` one chunk."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes as they are, outside of any framing: a garbled head, a header bomb."""

    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The proper end of the body. `hang_up`: then close an otherwise reusable connection, unannounced."""

    hang_up: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """FIN, whatever is still owed: the head, or the last chunk."""


@dataclass(frozen=True, slots=True)
class Short:
    """FIN with `missing_bytes` of the announced content-length unsent (`Framing.LENGTH`)."""

    missing_bytes: int = 1


@dataclass(frozen=True, slots=True)
class Reset:
    """RST (SO_LINGER 0)."""


@dataclass(frozen=True, slots=True)
class RstStream:
    """RST_STREAM (RFC 9113, 6.4). Over HTTP/1.1, which has no streams, it is a `Reset`."""

    code: int = 2  # INTERNAL_ERROR


@dataclass(frozen=True, slots=True)
class GoAway:
    """GOAWAY that disowns the request (RFC 9113, 6.8), then FIN. Over HTTP/1.1 it is a `Close`."""

    code: int = 2  # INTERNAL_ERROR


@dataclass(frozen=True, slots=True)
class Garble:
    """A chunk size that is none, then nothing until the peer goes."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing, until the peer goes."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """No connection is accepted. Stands alone."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Connecting never ends, as behind a firewall that drops. Stands alone."""


Ending = End | Close | Short | Reset | RstStream | GoAway | Garble | Silence | Refuse | Unreachable
Action = Interim | Head | Chunk | Raw | Ending
# (seconds after the step before, what is done then)
Step = tuple[float, Action]


@dataclass(frozen=True, slots=True)
class Script:
    """What an upstream does with one request.

    `take_bytes_per_s` reads the request's body slowly. `write_bytes` is the most
    that one write holds: 1 sends byte by byte, which splits chunk sizes, events
    and UTF-8 alike.

    Raises:
        ValueError: the story cannot be told: a chunk before the head, no ending, something after it.
    """

    steps: tuple[Step, ...]
    take: Take = Take.WHOLE
    take_bytes_per_s: int | None = None
    write_bytes: int | None = None

    def __post_init__(self) -> None:
        if problem := _problem(self.steps):
            raise ValueError(problem)
        if any(size is not None and size < 1 for size in (self.take_bytes_per_s, self.write_bytes)):
            raise ValueError("take_bytes_per_s and write_bytes are at least 1")

    @classmethod
    def of(
        cls,
        *story: Action | float,
        take: Take = Take.WHOLE,
        take_bytes_per_s: int | None = None,
        write_bytes: int | None = None,
    ) -> Self:
        """A script from actions and the pauses (seconds) before them."""
        steps: list[Step] = []
        after_s = 0.0
        for word in story:
            if isinstance(word, int | float):
                after_s += word
            else:
                steps.append((after_s, word))
                after_s = 0.0
        if after_s:
            raise ValueError("a pause at the end delays nothing")
        return cls(tuple(steps), take, take_bytes_per_s, write_bytes)

    @property
    def ending(self) -> Ending:
        """How the script ends: its last step."""
        action = self.steps[-1][1]
        assert isinstance(action, Ending)
        return action

    @property
    def body(self) -> bytes:
        """All bytes of the body that will be sent."""
        return b"".join(action.data for _, action in self.steps if isinstance(action, Chunk))

    def content_length(self, head: Head) -> int:
        """What the head announces with `Framing.LENGTH`."""
        if head.length_bytes is not None:
            return head.length_bytes
        missing_bytes = self.ending.missing_bytes if isinstance(self.ending, Short) else 0
        return len(self.body) + missing_bytes

    def byte_by_byte(self) -> Script:
        """The same story, one byte a write."""
        return replace(self, write_bytes=1)


def _problem(steps: tuple[Step, ...]) -> str | None:
    """What is wrong with a story, if anything."""
    if not steps or not isinstance(steps[-1][1], Ending):
        return "a script ends with End, Close, Short, Reset, RstStream, GoAway, Garble, Silence, Refuse or Unreachable"
    head: Head | None = None
    for number, (after_s, action) in enumerate(steps):
        name = type(action).__name__
        if after_s < 0:
            return f"{name} cannot happen {-after_s} s before the step that precedes it"
        if isinstance(action, Ending) and number != len(steps) - 1:
            return f"nothing can follow {name}"
        if isinstance(action, Refuse | Unreachable) and number:
            return f"{name} stands alone: there is no connection"
        if isinstance(action, Head | Interim) and head is not None:
            return f"{name} after the head"
        if isinstance(action, Chunk | End) and head is None:
            return f"{name} before the head"
        if isinstance(action, Chunk) and head is not None and head.framing is Framing.NONE:
            return "a Chunk where the head says that there is no body"
        if isinstance(action, Chunk) and not action.data:
            return "an empty Chunk would end a chunked body: say End"
        if isinstance(action, Short) and (head is None or head.framing is not Framing.LENGTH):
            return "Short needs a head with Framing.LENGTH"
        if isinstance(action, Garble) and (head is None or head.framing is not Framing.CHUNKED):
            return "Garble needs a head with Framing.CHUNKED"
        if isinstance(action, Head):
            head = action
    return None
