"""Meters for answers of the Anthropic Messages API, as an event stream and as JSON.

    message_start  content_block_start …  message_delta  message_stop
    input, model   names of tools          output, why    the protocol's last event

`ping` and the deltas of content are passed over unread; how much content they
bring is counted. An `error` event may come at any time and ends the stream.
Source: Messages API reference, "Streaming".
"""

from __future__ import annotations

import re

import msgspec

from trioproxy.model import Reading
from trioproxy.providers.anthropic_usage import AnthropicUsage
from trioproxy.providers.fields import ToolNames, count, fault, members, parse, parsed, text
from trioproxy.providers.meters import EventMeter, MemberMeter
from trioproxy.wire.tallies import Tallies, strings

# A stream without event names (some servers that only resemble the API) is read by the `type` in the data.
WANTED = frozenset((b"", b"message_start", b"content_block_start", b"message_delta", b"message_stop", b"error"))

_DELTA = b"content_block_delta"
_PATTERNS = {_DELTA: strings(text="text", thinking="thinking", tool="partial_json", sealed="signature")}
# As the API itself writes a delta; after the content come brackets and, against eavesdroppers, blanks.
_HEAD = re.compile(
    rb'\{"type": ?"content_block_delta", ?"index": ?\d+, ?"delta": ?\{"type": ?"\w+_delta", ?'
    rb'"(?:(?P<text>text)|(?P<thinking>thinking)|(?P<tool>partial_json)|(?P<sealed>signature))": ?"'
)


class _Block(msgspec.Struct):
    name: object = None


class _Event(msgspec.Struct):
    """Any event; what of it is wanted."""

    type: object = None
    message: object = None
    delta: object = None
    usage: object = None
    error: object = None
    content_block: _Block | None = None


_parse_event = msgspec.json.Decoder(_Event).decode


class MessagesEvents(EventMeter):
    """`POST /v1/messages` with `stream: true`."""

    def __init__(self) -> None:
        super().__init__(WANTED, tallies=Tallies(_PATTERNS, head=_HEAD))
        self._usage = AnthropicUsage()
        self._tools = ToolNames()
        self._output_known = False

    def read_event(self, name: bytes, data: bytes) -> None:
        """Take in one of the `WANTED` events."""
        event = parse(_parse_event, data) or _Event()
        match name.decode("latin-1") or event.type:
            case "message_start":
                message = members(event.message)
                self._count(message.get("usage"))
                self.learn(model=text(message.get("model")), upstream_id=text(message.get("id")))
            case "content_block_start":
                # Only calls of tools have a name: `tool_use`, `server_tool_use`, `mcp_tool_use`.
                self._tools.add(event.content_block.name if event.content_block else None)
                self.learn(tools=self._tools.names)
            case "message_delta":
                self._output_known |= count(members(event.usage).get("output_tokens")) is not None
                self._count(event.usage)
                self.learn(stop_reason=text(members(event.delta).get("stop_reason")))
            case "message_stop":
                self._output_known = True
                self._count(None)
                self.learn(ended=True)
            case "content_block_delta":
                self.tallies.count(_DELTA, data)
            case "error":
                self.learn(error=fault(event.error))

    def _count(self, said: object) -> None:
        usage = self._usage
        usage.merge(said)
        self.learn(
            usage=usage.usage(output_known=self._output_known),
            service_tier=usage.service_tier,
            speed=usage.speed,
            billed=usage.billed(),
        )


class MessagesJson(MemberMeter):
    """`POST /v1/messages` without streaming."""

    def __init__(self) -> None:
        super().__init__(
            [("id",), ("model",), ("stop_reason",), ("usage",), ("error",), ("content", "*", "name")],
        )

    def compose(self) -> Reading:
        """The reading so far."""
        usage, tools, value = AnthropicUsage(), ToolNames(), self.members.value
        usage.merge(parsed(value("usage")))
        for name in self.members.values("content", "*", "name"):
            tools.add(parsed(name))
        error = parsed(value("error"))
        return Reading(
            usage=usage.usage(output_known=True),
            model=text(parsed(value("model"))),
            stop_reason=text(parsed(value("stop_reason"))),
            upstream_id=text(parsed(value("id"))),
            service_tier=usage.service_tier,
            speed=usage.speed,
            billed=usage.billed(),
            tools=tools.names,
            error=fault(error) if error else None,
        )
