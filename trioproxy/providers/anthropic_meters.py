"""Meters for answers of the Anthropic Messages API, as an event stream and as JSON.

    message_start  content_block_start …  message_delta  message_stop
    input, model   names of tools          output, why    the protocol's last event

`ping` and the deltas of content are passed over unread. An `error` event may
come at any time and ends the stream. Source: Messages API reference, "Streaming".
"""

from __future__ import annotations

import msgspec

from trioproxy.model import Reading
from trioproxy.providers.anthropic_usage import AnthropicUsage
from trioproxy.providers.fields import ToolNames, count, decode, decoded, fault, members, text
from trioproxy.providers.meters import EventMeter, MemberMeter

# A stream without event names (some servers that only resemble the API) is read by the `type` in the data.
WANTED = frozenset((b"", b"message_start", b"content_block_start", b"message_delta", b"message_stop", b"error"))


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


_decode_event = msgspec.json.Decoder(_Event).decode


class MessagesEvents(EventMeter):
    """`POST /v1/messages` with `stream: true`."""

    def __init__(self) -> None:
        super().__init__(WANTED)
        self._usage = AnthropicUsage()
        self._tools = ToolNames()
        self._model: str | None = None
        self._id: str | None = None
        self._stop_reason: str | None = None
        self._output_known = False
        self._ended = False
        self._error: str | None = None

    def read_event(self, name: bytes, data: bytes) -> bool:
        """Take in one of the `WANTED` events; after the last one, nothing."""
        if self._ended:
            return False
        event = decode(_decode_event, data) or _Event()
        match name.decode("latin-1") or event.type:
            case "message_start":
                message = members(event.message)
                self._model = text(message.get("model")) or self._model
                self._id = text(message.get("id")) or self._id
                self._usage.merge(message.get("usage"))
            case "content_block_start":
                # Only calls of tools have a name: `tool_use`, `server_tool_use`, `mcp_tool_use`.
                self._tools.add(event.content_block.name if event.content_block else None)
            case "message_delta":
                self._stop_reason = text(members(event.delta).get("stop_reason")) or self._stop_reason
                self._output_known |= count(members(event.usage).get("output_tokens")) is not None
                self._usage.merge(event.usage)
            case "message_stop":
                self._output_known = True
                self._ended = True
            case "error":
                self._error = fault(event.error)
        return True

    def compose(self) -> Reading:
        """The reading so far."""
        return Reading(
            usage=self._usage.usage(output_known=self._output_known),
            model=self._model,
            stop_reason=self._stop_reason,
            upstream_id=self._id,
            service_tier=self._usage.service_tier,
            speed=self._usage.speed,
            billed=self._usage.billed(),
            tools=self._tools.names,
            ended=self._ended,
            error=self._error,
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
        usage.merge(decoded(value("usage")))
        for name in self.members.values("content", "*", "name"):
            tools.add(decoded(name))
        error = decoded(value("error"))
        return Reading(
            usage=usage.usage(output_known=True),
            model=text(decoded(value("model"))),
            stop_reason=text(decoded(value("stop_reason"))),
            upstream_id=text(decoded(value("id"))),
            service_tier=usage.service_tier,
            speed=usage.speed,
            billed=usage.billed(),
            tools=tools.names,
            error=fault(error) if error else None,
        )
