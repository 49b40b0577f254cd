"""What a client does, as plain data that reads like a story.

    ClientScript(Ask(body=b'{"stream":true}'), ((AtEvent(3), Leave(Going.RST)), (After(1.0), Resend())))

A step is (when, what is done then). A client whose steps are done reads its answer to the end; one
that has left and asks no more is gone. The same script is played over real sockets, HTTP/1.1 and
HTTP/2 (`lab/wire`), and without any, on the virtual clock (`lab/explore`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from trioproxy.model import RawHeaders


class Going(StrEnum):
    """How a client goes. What a protocol does not have is said to be impossible by whoever plays the script."""

    FIN = "FIN"
    RST = "RST"
    # shutdown(SHUT_WR): it could still read.
    HALF_CLOSE = "half-close"
    # HTTP/2: of the one stream; the connection goes on.
    RST_STREAM = "RST_STREAM"
    # HTTP/2: announced, then FIN.
    GOAWAY = "GOAWAY"
    # The connection under the client ends, without a word of HTTP: over HTTP/2 neither RST_STREAM nor GOAWAY.
    DROPPED = "dropped connection"


class ClientPhase(StrEnum):
    """How far a request is, as its client sees it, in their order."""

    # Connected (TLS included); no byte of the request has been sent.
    CONNECTED = "connected"
    # Half of the request's body has been sent.
    SENDING = "sending the request"
    # All of the request has been sent; no head has come.
    WAITING = "waiting for the head"
    HEAD = "head received"
    # The first bytes of the body have come.
    STREAMING = "between chunks"
    # The whole answer has come; the connection still stands.
    ENDED = "after the last chunk"


@dataclass(frozen=True, slots=True)
class After:
    """So many seconds after the step before it, or after the client has connected."""

    seconds_s: float


@dataclass(frozen=True, slots=True)
class AtByte:
    """When so many bytes of the answer's body have come."""

    count: int


@dataclass(frozen=True, slots=True)
class AtEvent:
    """When so many whole server-sent events have come."""

    count: int


@dataclass(frozen=True, slots=True)
class AtPhase:
    """When the request gets into `phase`."""

    phase: ClientPhase


When = After | AtByte | AtEvent | AtPhase


@dataclass(frozen=True, slots=True)
class Leave:
    """Go."""

    how: Going = Going.FIN


@dataclass(frozen=True, slots=True)
class StopReading:
    """Take no byte from the socket any more, until `ReadOn`."""


@dataclass(frozen=True, slots=True)
class ReadSlowly:
    """Take so many bytes a second from now on."""

    bytes_per_s: int


@dataclass(frozen=True, slots=True)
class ReadOn:
    """Read as fast as bytes come, again."""


@dataclass(frozen=True, slots=True)
class SendMore:
    """Bytes after the request, such as a pipelined one or a stray CRLF (HTTP/1.1 alone)."""

    data: bytes = b"\r\n"


@dataclass(frozen=True, slots=True)
class Resend:
    """Ask the same again on a new connection, with these headers besides; later steps are about that answer."""

    headers: RawHeaders = ()


Deed = Leave | StopReading | ReadSlowly | ReadOn | SendMore | Resend
ClientStep = tuple[When, Deed]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request."""

    path: str = "/v1/messages"
    body: bytes = b"{}"
    headers: RawHeaders = ()
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class ClientScript:
    """What a client does with one request, and with its resends.

    Raises:
        ValueError: the story cannot be told: a deed of a client that has left, a resend by one that has not.
    """

    ask: Ask = Ask()
    steps: tuple[ClientStep, ...] = ()

    def __post_init__(self) -> None:
        for _, problem in problems(self.steps):
            raise ValueError(problem)

    @property
    def leaves(self) -> bool:
        """It leaves for good."""
        return bool(self.steps) and isinstance(self.steps[-1][1], Leave)


def problems(steps: tuple[ClientStep, ...]) -> Iterator[tuple[int, str]]:
    """What is wrong with a story, each with the number of its step from 0."""
    left = False
    for number, (when, deed) in enumerate(steps):
        name = type(deed).__name__
        if isinstance(when, After) and not math.isfinite(when.seconds_s):
            yield number, f"{name} after {when.seconds_s} s never happens"
        elif isinstance(when, After) and when.seconds_s < 0:
            yield number, f"{name} cannot happen {-when.seconds_s} s before the step that precedes it"
        if isinstance(when, AtByte | AtEvent) and when.count < 1:
            yield number, f"{name} at {type(when).__name__}({when.count}): the first is 1"
        if left and not (isinstance(deed, Resend) and isinstance(when, After)):
            yield number, f"a client that has left can only Resend, After a while: not {name} at {type(when).__name__}"
        if isinstance(deed, Resend) and not left:
            yield number, "Resend before Leave: the first answer is still being read"
        if isinstance(deed, ReadSlowly) and deed.bytes_per_s < 1:
            yield number, "ReadSlowly takes at least 1 byte a second"
        left = isinstance(deed, Leave)
