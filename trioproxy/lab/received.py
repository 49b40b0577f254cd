"""What a scripted upstream saw: its connections and requests, with the time of each fact.

Times are `time.monotonic()` in seconds, which on one machine may be compared between
processes. Facts are only ever added.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Protocol

from trioproxy.lab.http1 import RequestHead
from trioproxy.lab.script import Going, Script
from trioproxy.model import RawHeaders
from trioproxy.sockets import Departure


@dataclass(slots=True, eq=False)
class Connection:
    """One TCP connection, numbered from 1."""

    number: int
    opened_at: float
    requests: list[Received] = field(default_factory=list, repr=False)
    # The peer's FIN or RST, whoever was first to close.
    left_at: float | None = None
    left_by: Departure | None = None
    # Our end is closed as well: nothing of it is left.
    closed_at: float | None = None
    protocol: str = "HTTP/1.1"


@dataclass(slots=True, eq=False)
class Received:
    """One request, numbered from 1 over all connections, and how far its answer got."""

    number: int
    connection: Connection = field(repr=False)
    head: RequestHead = field(repr=False)
    head_at: float
    body: bytearray = field(default_factory=bytearray, repr=False)
    body_at: float | None = None
    # Bytes of the answer that the kernel took, framing included; over HTTP/2 those of DATA frames.
    sent_bytes: int = 0
    # The script was played to its proper end.
    answered_at: float | None = None
    # The peer's FIN, RST, RST_STREAM or GOAWAY, if it was seen before the request was over.
    left_at: float | None = None
    left_by: Departure | Going | None = None
    # Nothing more happens to this request.
    over_at: float | None = None

    @property
    def left(self) -> bool:
        """The peer went before its answer was played to the end."""
        return self.left_at is not None and self.answered_at is None

    @property
    def method(self) -> str:
        """The method, as it came."""
        return self.head.method

    @property
    def target(self) -> str:
        """The request's target, raw, as it came."""
        return self.head.target

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.head.target.partition("?")[0]

    @property
    def headers(self) -> RawHeaders:
        """The headers, raw, in their order."""
        return self.head.headers

    def header(self, name: bytes) -> bytes | None:
        """The first value of the header `name` (lower case), or None."""
        return self.head.header(name)

    def json(self) -> Any:
        """The body so far, read as JSON."""
        return json.loads(self.body)


class Cast(Protocol):
    """Gives each request its script and keeps the records."""

    def request_came(self, connection: Connection, head: RequestHead) -> Received:
        """Note a request whose head has come."""
        ...

    def script_at_head(self, received: Received) -> Script | None:
        """The script, or None if it can only be chosen once the body is there."""
        ...

    def script_for(self, received: Received) -> Script:
        """The script, now that the body is there."""
        ...

    def changed(self) -> None:
        """A record has a new fact."""
        ...
