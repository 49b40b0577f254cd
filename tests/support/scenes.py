"""The table of endings as scenes: how a call is brought into a phase, and how its cause is made to happen there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trioproxy.lab.script import (
    Chunk,
    Close,
    End,
    Ending,
    Framing,
    Garble,
    Head,
    Raw,
    Reset,
    Script,
    Short,
    Silence,
    Take,
)
from trioproxy.rules.lifecycle import SIGNS, TABLE, Cause, Never, Phase

EVENT_STREAM = ((b"content-type", b"text/event-stream"),)
DELTA = b'event: content_block_delta\ndata: {"type":"content_block_delta"}\n\n'
PIECE = b": " + b"x" * 65533 + b"\n"
# More than every buffer on the way holds.
FLOOD = tuple(Chunk(PIECE) for _ in range(256))
BIG_REQUEST_BYTES = 16_000_000

_CLIENT_SIGNS = {
    "h1": ("FIN", "RST", "half-close"),
    "h2c": ("h2 RST_STREAM", "h2 GOAWAY", "h2 connection dropped"),
    "h2": ("h2 RST_STREAM", "h2 GOAWAY", "h2 connection dropped"),
}
_UPSTREAM_SIGNS = {
    Cause.UPSTREAM_REFUSED: ("connection refused", "TLS"),
    Cause.UPSTREAM_BROKE: ("FIN", "RST", "short content-length"),
    Cause.UPSTREAM_GARBLED: ("bad chunk size", "not HTTP"),
    Cause.UPSTREAM_SILENT: ("",),
}
assert set(_CLIENT_SIGNS["h1"] + _CLIENT_SIGNS["h2"]) == set(SIGNS[Cause.CLIENT_LEFT])


@dataclass(frozen=True, slots=True)
class Scene:
    """One cell of the table, in one of the ways in which its cause shows on the wire."""

    phase: Phase
    cause: Cause
    sign: str
    # Which provider of the proxy's configuration is asked: a scripted one, or one that cannot be reached.
    provider: str
    script: Script | None

    @property
    def name(self) -> str:
        return f"{self.phase} / {self.cause} / {self.sign}".replace(" ", "-")

    @property
    def asks_much(self) -> bool:
        """The request is more than the upstream's buffers take."""
        return self.phase is Phase.SENDING


def scenes(protocol: str) -> Iterator[Scene]:
    """Every cell that can be made to happen from outside, for `protocol`; shutdown is for another test."""
    for (phase, cause), cell in TABLE.items():
        if isinstance(cell, Never) or cause in (Cause.SHUTDOWN, Cause.INTERNAL, Cause.CLIENT_FAULT):
            continue
        if cause in (Cause.CLIENT_LEFT, Cause.CLIENT_STALLED):
            signs = _CLIENT_SIGNS[protocol] if cause is Cause.CLIENT_LEFT else ("",)
            for sign in signs:
                if phase is Phase.ENDED and (protocol == "h1" or cause is Cause.CLIENT_STALLED):
                    continue  # over HTTP/1.1 the kernel takes what is left: see test_endings.py
                if phase is Phase.STREAMING and cause is Cause.CLIENT_STALLED:
                    continue  # a client that is sent nothing cannot refuse it; what it was sent blocks
                yield Scene(phase, cause, sign, "nowhere" if phase is Phase.CONNECTING else "anthropic", _idle(phase))
        else:
            for sign in _UPSTREAM_SIGNS[cause]:
                script = _broken(phase, cause, sign)
                if phase is Phase.CONNECTING:
                    provider = {"connection refused": "closed", "TLS": "plain", "": "nowhere"}.get(sign)
                    if provider:
                        yield Scene(phase, cause, sign, provider, None)
                elif script is not None:
                    yield Scene(phase, cause, sign, "anthropic", script)


def _idle(phase: Phase) -> Script | None:
    """An upstream that brings a call into `phase` and leaves it there."""
    match phase:
        case Phase.SENDING:
            return Script.of(Silence(), take=Take.NOTHING)
        case Phase.WAITING:
            return Script.of(Silence())
        case Phase.STREAMING:
            return Script.of(Head(headers=EVENT_STREAM), Chunk(DELTA), Silence())
        case Phase.BLOCKED:
            return Script.of(Head(headers=EVENT_STREAM), *FLOOD, Silence())
        case Phase.ENDED:
            # More than the client's window and the server's buffer: the rest waits in the seat when the end comes.
            return Script.of(Head(), Chunk(b"y" * 60_000), 0.3, Chunk(b"y" * 16_000), End())
        case _:
            return None


def _broken(phase: Phase, cause: Cause, sign: str) -> Script | None:
    """An upstream that does what `sign` says in `phase`; None where that cannot be told apart, or be."""
    garbled = Raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    ending: Ending
    match sign:
        case "FIN":
            ending = Close()
        case "RST":
            ending = Reset()
        case "short content-length":
            ending = Short(missing_bytes=10)
        case "bad chunk size":
            ending = Garble()
        case _:
            ending = Silence()
    if phase in (Phase.SENDING, Phase.WAITING):
        if sign in ("short content-length", "bad chunk size"):
            return None
        take = Take.NOTHING if phase is Phase.SENDING else Take.WHOLE
        if sign == "not HTTP":
            return Script.of(0.1, garbled, Silence(), take=take)
        return Script.of(0.1, ending, take=take)
    if sign == "not HTTP":
        return None
    framing = Framing.LENGTH if sign == "short content-length" else Framing.CHUNKED
    body = FLOOD[:64] if phase is Phase.BLOCKED else (Chunk(DELTA), Chunk(DELTA))
    return Script.of(Head(headers=EVENT_STREAM, framing=framing), *body, 0.1, ending)
