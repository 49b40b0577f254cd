"""The steps of an upstream: what it can do, one at a time. What a fault means is written here, once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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
    """FIN with `missing_bytes` of the announced content-length unsent (`Framing.LENGTH`).

    Over HTTP/2 the end of the stream instead of FIN (RFC 9113, 8.1.1: malformed).
    """

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
    """A chunk size that is none, then nothing until the peer goes. Over HTTP/2 DATA on no stream (RFC 9113, 6.1)."""


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
