"""Meters for the Responses API, as an event stream and as JSON.

    response.created  response.output_item.added …  response.completed
    model, id         names of tools                 usage; or .incomplete with its reason, or .failed

The last event repeats the whole response, output and instructions included; it
is the one event that may be large. The deltas in between are passed over; how
much content they bring is counted. Source: OpenAI API reference, "Responses",
"Streaming events".
"""

from __future__ import annotations

import msgspec

from trioproxy.model import Reading
from trioproxy.providers.fields import ToolNames, fault, members, parse, parsed, text
from trioproxy.providers.meters import EventMeter, MemberMeter
from trioproxy.providers.openai_usage import usage_of
from trioproxy.wire.tallies import Tallies, strings

_MAX_EVENT_BYTES = 1 << 24  # a generated image is repeated in the last event

_TERMINAL = (b"response.completed", b"response.incomplete", b"response.failed", b"error")
WANTED = frozenset((b"", b"response.created", b"response.output_item.added", *_TERMINAL))

_KINDS = {
    "text": ("output_text", "refusal"),
    "thinking": ("reasoning_text", "reasoning_summary_text"),
    "tool": ("function_call_arguments", "custom_tool_call_input", "mcp_call_arguments", "code_interpreter_call_code"),
}
_PATTERNS = {
    f"response.{name}.delta".encode(): strings(**{kind: "delta"}) for kind, names in _KINDS.items() for name in names
} | {b"response.output_item.done": strings(sealed="encrypted_content")}


class _Item(msgspec.Struct):
    type: object = None
    name: object = None


class _Response(msgspec.Struct):
    """A response, without its output and the echo of the request."""

    id: object = None
    model: object = None
    service_tier: object = None
    usage: object = None
    error: object = None
    incomplete_details: object = None


class _Event(msgspec.Struct):
    type: object = None
    response: _Response | None = None
    item: _Item | None = None
    # Of an `error` event: here at OpenAI, in an object of its own at others.
    code: object = None
    message: object = None
    error: object = None


_parse_event = msgspec.json.Decoder(_Event).decode


class ResponsesEvents(EventMeter):
    """`POST /v1/responses` with `stream: true`."""

    def __init__(self) -> None:
        super().__init__(WANTED, max_event_bytes=_MAX_EVENT_BYTES, tallies=Tallies(_PATTERNS))
        self._tools = ToolNames()

    def read_event(self, name: bytes, data: bytes) -> None:
        """Take in one of the `WANTED` events."""
        event = parse(_parse_event, data) or _Event()
        kind = name.decode("latin-1") or event.type
        if event.response is not None:
            self._take(event.response)
        match kind:
            case "response.output_item.added":
                if event.item is not None:
                    self._tools.add(_tool_name(text(event.item.type), event.item.name))
                    self.learn(tools=self._tools.names)
            case "response.completed" | "response.incomplete":
                self.learn(ended=True)
            case "response.failed":
                self.learn(error=fault(event.response.error if event.response is not None else None))
            case "error":
                self.learn(error=fault(event.error or {"code": event.code, "message": event.message}))
            case str():  # of a stream without event names
                self.tallies.count(kind.encode(), data)

    def _take(self, response: _Response) -> None:
        """Later ones say more; what they leave out stays."""
        self.learn(
            usage=usage_of(response.usage),
            model=text(response.model),
            upstream_id=text(response.id),
            service_tier=text(response.service_tier),
            stop_reason=text(members(response.incomplete_details).get("reason")),
        )


_NAMES, _TYPES = ("output", "*", "name"), ("output", "*", "type")
_NAMED_CALLS = frozenset(("function_call", "custom_tool_call", "mcp_call"))


class ResponsesJson(MemberMeter):
    """`POST /v1/responses` without streaming."""

    def __init__(self) -> None:
        super().__init__([(field,) for field in _Response.__struct_fields__] + [_NAMES, _TYPES])

    def compose(self) -> Reading:
        """The reading so far."""
        said = {field: parsed(self.members.value(field)) for field in _Response.__struct_fields__}
        tools = ToolNames()
        for name in self.members.values(*_NAMES):
            tools.add(parsed(name))
        for kind in self.members.values(*_TYPES):
            own = text(parsed(kind))
            tools.add(None if own in _NAMED_CALLS else _tool_name(own, None))
        return Reading(
            usage=usage_of(said["usage"]),
            model=text(said["model"]),
            stop_reason=text(members(said["incomplete_details"]).get("reason")),
            upstream_id=text(said["id"]),
            service_tier=text(said["service_tier"]),
            tools=tools.names,
            error=fault(said["error"]) if said["error"] else None,
        )


def _tool_name(kind: str | None, name: object) -> object:
    """A function or MCP call has a name; a tool of the provider's own is called by its type (`web_search_call`)."""
    return name or (kind if kind and kind.endswith("_call") else None)
