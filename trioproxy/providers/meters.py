"""What the dialects' meters have in common: where the bytes come from.

    bytes ─▶ Decoded? ─▶ EventMeter ─▶ SseReader ─▶ read_event(name, data) ─▶ learn(…)
                    └──▶ MemberMeter ─▶ MemberReader ─▶ compose()

A dialect says which events or members it wants and what they mean.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

from trioproxy.model import Generated, Head, Reading
from trioproxy.providers.base import Meter, Operation
from trioproxy.wire.decoding import Decoder, decoder_for
from trioproxy.wire.headers import content_coding, media_type
from trioproxy.wire.members import MemberReader, Path
from trioproxy.wire.sse import SseReader
from trioproxy.wire.tallies import Tallies

_NOTHING = Reading()
_READ = Reading(generated=Generated())


class Silent:
    """Reads nothing: for errors, for what is no generation, for content codings we do not know."""

    by_protocol = False

    def feed(self, data: bytes) -> None:
        """Pass over it."""

    def end(self) -> None:
        """Nothing to conclude."""

    def reading(self) -> Reading:
        """An empty reading."""
        return _NOTHING


class Decoded:
    """Reads a body that comes with a content coding after all."""

    def __init__(self, meter: Meter, decoder: Decoder) -> None:
        self._decoder = decoder
        self._meter = meter
        self.feed = decoder.feed
        self.reading = meter.reading

    @property
    def by_protocol(self) -> bool:
        """As the meter within says, unless the coding broke: what cannot be read is judged by its framing."""
        return self._meter.by_protocol and not self._decoder.failed

    def end(self) -> None:
        """Pass it on, unless the coding broke: then nobody knows what came after."""
        if not self._decoder.failed:
            self._meter.end()


class EventMeter(ABC):
    """Reads an event stream. Hardly an event brings news, so only then is the reading made anew."""

    by_protocol = True

    def __init__(
        self, wanted: Collection[bytes] | None, *, max_event_bytes: int = 1 << 20, tallies: Tallies | None = None
    ) -> None:
        self._stream = SseReader(wanted, max_event_bytes=max_event_bytes, tallies=tallies)
        self.tallies = tallies or Tallies()
        self._reading = _READ

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body; after the protocol's last event, nothing."""
        for name, event in self._stream.feed(data):
            if not self._reading.ended:
                self.read_event(name, event)

    def end(self) -> None:  # noqa: B027  most protocols have a last event, and nothing to conclude here
        """The body has ended as framed."""

    def reading(self) -> Reading:
        """What is known now."""
        generated = self.generated()
        if generated != self._reading.generated:
            self.learn(generated=generated)
        return self._reading

    def generated(self) -> Generated:
        """How much content has passed."""
        text, thinking, tool, sealed = (self.tallies.of[kind] for kind in ("text", "thinking", "tool", "sealed"))
        return Generated(
            text_bytes=max(text.octets, 0),
            thinking_bytes=max(thinking.octets, 0),
            tool_bytes=max(tool.octets, 0),
            sealed_bytes=max(sealed.octets, 0),
            sealed_parts=sealed.pieces,
            pieces=text.pieces + thinking.pieces + tool.pieces,
        )

    def learn(self, **news: Any) -> None:
        """Take over fields of `Reading`; one that is None leaves what was known."""
        self._reading = replace(self._reading, **{name: value for name, value in news.items() if value is not None})

    @abstractmethod
    def read_event(self, name: bytes, data: bytes) -> None:
        """Take in one event, and `learn` what is new."""


class MemberMeter(ABC):
    """Reads chosen members of a JSON answer. It has no last event: its framing says whether it is whole."""

    by_protocol = False

    def __init__(self, paths: Iterable[Path]) -> None:
        self.members = MemberReader(paths, max_value_bytes=1 << 14)
        self._reading: Reading | None = _READ
        self._json_bytes = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        self.members.feed(data)
        self._json_bytes += len(data)
        self._reading = None

    def end(self) -> None:  # noqa: B027  the members that came are all there are
        """The body has ended as framed."""

    def reading(self) -> Reading:
        """What is known now."""
        if self._reading is None:
            self._reading = replace(self.compose(), generated=Generated(json_bytes=self._json_bytes))
        return self._reading

    @abstractmethod
    def compose(self) -> Reading:
        """The reading so far."""


def meter_for(
    operation: Operation,
    head: Head,
    *,
    events: Callable[[], Meter] | None,
    json: Callable[[], Meter] | None,
) -> Meter:
    """The meter that fits an answer's head: `events` or `json` by its type, or a silent one."""
    if not operation.generation or not 200 <= head.status < 300:
        return Silent()
    kind, coding = media_type(head.headers), content_coding(head.headers)
    if kind == "text/event-stream":
        made = events
    elif kind == "application/json" or kind.endswith("+json"):
        made = json
    else:
        made = None
    if made is None:
        return Silent()
    meter = made()
    if not coding:
        return meter
    decoder = decoder_for(coding, meter.feed)
    return Silent() if decoder is None else Decoded(meter, decoder)
