"""What is tried at a target: who leaves how and when, or what the upstream gets wrong, over which protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from trioproxy.errors import ConfigurationError
from trioproxy.lab.script import Going
from trioproxy.lab.wire.target import PROTOCOLS, Protocol


class Cause(StrEnum):
    """What a client does: it leaves in one of the ways of `Going`, or it stops reading and stays."""

    FIN = Going.FIN
    RST = Going.RST
    HALF_CLOSE = Going.HALF_CLOSE
    RST_STREAM = Going.RST_STREAM
    GOAWAY = Going.GOAWAY
    DROPPED = Going.DROPPED
    STOPS_READING = "stops reading"


class Phase(StrEnum):
    """How far a request is when its client leaves; the first words of each are `ClientPhase`'s."""

    CONNECTED = "connected"
    SENDING = "sending the request"
    # The upstream has read the request and says nothing.
    WAITING = "waiting for the head"
    # The upstream has sent a head and says nothing more.
    HEAD = "head received"
    # The upstream sends an event every 10 ms.
    FLOWING = "between chunks"
    # The upstream has sent some events and says nothing more: a model that thinks.
    SILENT = "between chunks, silent"
    # The upstream sends as fast as it can, and the client does not read.
    BLOCKED = "blocked by its client"
    ENDED = "after the last chunk"


class Fault(StrEnum):
    """What an upstream does to a call. The first is none."""

    NONE = "none"
    REFUSED = "refuses the connection"
    SILENT = "accepts and says nothing"
    HEAD_LATE = "head late"
    HEAD_ONLY = "head only, then silence"
    SILENCE = "silence in mid-stream"
    RESET = "reset in mid-stream"
    NO_LAST_CHUNK = "close without the last chunk"
    SHORT = "short content-length"
    GARBLED = "garbled chunk size"
    STREAM_RESET = "RST_STREAM in mid-stream"
    GOING_AWAY = "GOAWAY in mid-stream"
    ERROR_EVENT = "error event inside a 200"
    NO_END = "the API's end missing"
    ONE_BYTE = "one byte at a time"
    HUGE = "huge events"
    SPLIT = "split UTF-8"
    GZIP = "gzip"
    SLOW_READER = "reads the request slowly"
    EARLY = "answers before the request is read"
    INTERIM = "1xx before the head"


# What only one of the protocols of an upstream has: chunks and lengths are HTTP/1.1's, these frames HTTP/2's.
FRAMINGS = frozenset((Fault.NO_LAST_CHUNK, Fault.SHORT, Fault.GARBLED))
FRAMES = frozenset((Fault.STREAM_RESET, Fault.GOING_AWAY))


@dataclass(frozen=True, slots=True)
class Cell:
    """One experiment. Either a client leaves (`cause` at `phase`), or the upstream has a `fault`."""

    protocol: Protocol
    cause: Cause | None = None
    phase: Phase | None = None
    fault: Fault | None = None

    @property
    def names(self) -> dict[str, str]:
        """Its axes and their values, as `Run.cell` has them."""
        if self.fault is not None:
            return {"fault": self.fault.value, "protocol": self.protocol}
        assert self.cause is not None
        assert self.phase is not None
        return {"cause": self.cause.value, "phase": self.phase.value, "protocol": self.protocol}

    @property
    def word(self) -> str:
        """What chooses it on the command line."""
        return "/".join(value for axis, value in self.names.items() if axis != "protocol")

    @property
    def floods(self) -> bool:
        """The upstream sends as fast as it can, for somebody who does not read."""
        return self.phase is Phase.BLOCKED or self.cause is Cause.STOPS_READING

    def fits(self, upstream: Protocol) -> bool:
        """Its fault is one of an upstream that speaks so."""
        return self.fault not in (FRAMES if upstream == "h1" else FRAMINGS)

    @property
    def impossible(self) -> str | None:
        """Why it cannot be tried, if it cannot."""
        match self.cause, self.phase, self.protocol:
            case Cause.RST_STREAM | Cause.GOAWAY, _, "h1":
                return f"HTTP/1.1 has no {self.cause}"
            case Cause.DROPPED, _, "h1":
                return "over HTTP/1.1 a dropped connection is a FIN: see there"
            case Cause.FIN, _, "h2c" | "h2":
                return "over HTTP/2 a FIN without GOAWAY is a dropped connection: see there"
            case Cause.HALF_CLOSE, _, "h2":
                return "TLS has no half-close that its peers support (RFC 8446, 6.1)"
            case Cause.HALF_CLOSE, _, "h2c":
                return "over HTTP/2 the connection is not the request's: see a dropped connection"
            case Cause.RST_STREAM | Cause.GOAWAY, Phase.CONNECTED, _:
                return "no byte of HTTP/2 has been sent yet"
            case Cause.STOPS_READING, phase, _ if phase not in {Phase.HEAD, Phase.FLOWING}:
                return "nothing is there to be read, or it is not read already"
        return None


def cells(protocols: Iterable[Protocol] = PROTOCOLS) -> Iterator[Cell]:
    """All of them, impossible ones included."""
    for protocol in protocols:
        for cause in Cause:
            for phase in Phase:
                yield Cell(protocol, cause=cause, phase=phase)
        for fault in Fault:
            yield Cell(protocol, fault=fault)


def chosen(words: Iterable[str], protocols: Iterable[Protocol]) -> list[Cell]:
    """The cells that one of `words` is in the name of (`FIN`, `waiting`, `FIN/waiting`, `gzip`); all without any.

    Raises:
        ConfigurationError: a word is in the name of none.
    """
    every, given = list(cells(protocols)), list(words)
    found = [cell for cell in every if not given or any(_matches(cell, word) for word in given)]
    unknown = [word for word in given if not any(_matches(cell, word) for cell in every)]
    if unknown:
        expected = "option --cells: expected a part of one of these names, or cause/phase:"
        raise ConfigurationError([*map(_no_such_cell, unknown), expected, *(f"    {name}" for name in _KNOWN)])
    return found


def _no_such_cell(word: str) -> str:
    close = [
        (get_close_matches(part.strip().lower(), _WHOLE_NAMES, n=1) or [""])[0] or part for part in word.split("/")
    ]
    meant = "/".join(_SPELLED.get(part, part) for part in close)
    return f"option --cells: {word}: no such cell{f'; did you mean {meant}?' if meant != word else ''}"


def _matches(cell: Cell, word: str) -> bool:
    if word == cell.word:
        return True
    names = [name.lower() for axis, name in cell.names.items() if axis != "protocol"]
    parts = [part.strip().lower() for part in word.split("/")]
    if len(parts) == 1:
        return any(_means(parts[0], name) for name in names)
    return len(parts) == len(names) and all(_means(part, name) for part, name in zip(parts, names, strict=True))


def _means(part: str, name: str) -> bool:
    """A part of a name means it, but for one that is a whole name: `RST` is not `RST_STREAM`."""
    return part == name or (part in name and part not in _WHOLE_NAMES)


_KNOWN = (*Cause, *Phase, *Fault)
_SPELLED = {name.lower(): str(name) for name in _KNOWN}
_WHOLE_NAMES = frozenset(_SPELLED)
