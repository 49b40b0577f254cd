"""What the dialects' meters have in common: where the bytes come from.

    bytes ─▶ Decoded? ─▶ EventMeter ─▶ SseReader ─▶ read_event(name, data)
                    └──▶ MemberMeter ─▶ MemberReader ─▶ read_members()

A dialect says which events or members it wants and what they mean.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable

from trioproxy.model import Reading
from trioproxy.providers.base import Meter, Operation
from trioproxy.wire.decoding import decoder_for
from trioproxy.wire.members import MemberReader, Path
from trioproxy.wire.sse import SseReader

_NOTHING = Reading()


class Silent:
    """Reads nothing: for errors, for what is no generation, for content codings we do not know."""

    def feed(self, data: bytes) -> None:
        """Pass over it."""

    def end(self) -> None:
        """Nothing to conclude."""

    def reading(self) -> Reading:
        """An empty reading."""
        return _NOTHING


class Decoded:
    """Reads a body that comes with a content coding after all."""

    def __init__(self, meter: Meter, content_encoding: str) -> None:
        """
        Raises:
            LookupError: the coding is not known.
        """
        decoder = decoder_for(content_encoding, meter.feed)
        if decoder is None:
            raise LookupError(content_encoding)
        self._decoder = decoder
        self._meter = meter
        self.feed = decoder.feed
        self.reading = meter.reading

    def end(self) -> None:
        """Pass it on, unless the coding broke: then nobody knows what came after."""
        if not self._decoder.failed:
            self._meter.end()


class EventMeter(ABC):
    """Reads an event stream. The reading is made anew only when an event has changed something."""

    def __init__(self, wanted: Collection[bytes] | None, *, max_event_bytes: int = 1 << 20) -> None:
        self._stream = SseReader(wanted, max_event_bytes=max_event_bytes)
        self._reading: Reading | None = _NOTHING

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        for name, event in self._stream.feed(data):
            if self.read_event(name, event):
                self._reading = None

    def end(self) -> None:  # noqa: B027  most protocols have a last event, and nothing to conclude here
        """The body has ended as framed."""

    def reading(self) -> Reading:
        """What is known now."""
        if self._reading is None:
            self._reading = self.compose()
        return self._reading

    @abstractmethod
    def read_event(self, name: bytes, data: bytes) -> bool:
        """Take in one event; whether it may have changed the reading."""

    @abstractmethod
    def compose(self) -> Reading:
        """The reading so far."""


class MemberMeter(ABC):
    """Reads chosen members of a JSON answer. It has no last event: its framing says whether it is whole."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.members = MemberReader(paths, max_value_bytes=1 << 14)
        self._reading: Reading | None = _NOTHING

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        self.members.feed(data)
        self._reading = None

    def end(self) -> None:  # noqa: B027  the members that came are all there are
        """The body has ended as framed."""

    def reading(self) -> Reading:
        """What is known now."""
        if self._reading is None:
            self._reading = self.compose()
        return self._reading

    @abstractmethod
    def compose(self) -> Reading:
        """The reading so far."""


def meter_for(
    operation: Operation,
    status: int,
    content_type: str,
    content_encoding: str,
    *,
    events: Callable[[], Meter] | None,
    json: Callable[[], Meter] | None,
) -> Meter:
    """The meter that fits an answer's head: `events` or `json` by its type, or a silent one."""
    if not operation.generation or not 200 <= status < 300:
        return Silent()
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "text/event-stream":
        made = events
    elif media_type == "application/json" or media_type.endswith("+json"):
        made = json
    else:
        made = None
    if made is None:
        return Silent()
    if content_encoding.strip().lower() in ("", "identity"):
        return made()
    try:
        return Decoded(made(), content_encoding)
    except LookupError:
        return Silent()
