"""Meters for chat completions and the older completions, as an event stream and as JSON, and for embeddings.

A chat stream has no event names: each `data` line is a chunk, and any of them
may bring the model, a reason to stop, a tool's name, the usage or an error. The
usage comes in a chunk of its own, if the client asked for it. `[DONE]` is the
last word; where it is missing, a `finish_reason` and a clean end do.
Source: OpenAI API reference, "Chat Completions", "The chat completion chunk object".
"""

from __future__ import annotations

import msgspec

from trioproxy.model import Generated, Reading
from trioproxy.providers.fields import ToolNames, count, elements, fault, members, parse, parsed, text
from trioproxy.providers.meters import EventMeter, MemberMeter
from trioproxy.providers.openai_usage import billed_in, usage_of


class _Delta(msgspec.Struct):
    content: object = None
    refusal: object = None
    # What the servers that show it call the thinking: most of them; OpenRouter, Groq and vLLM.
    reasoning_content: object = None
    reasoning: object = None
    tool_calls: object = None
    function_call: object = None


class _Choice(msgspec.Struct):
    index: object = None
    finish_reason: object = None
    delta: _Delta | None = None
    text: object = None  # of the older completions


class _Chunk(msgspec.Struct):
    """A chunk, as far as it is wanted."""

    id: object = None
    model: object = None
    kind: object = msgspec.field(default=None, name="object")
    service_tier: object = None
    choices: list[_Choice] | None = None
    usage: object = None
    error: object = None
    x_groq: object = None


class _BareChunk(msgspec.Struct):
    """What is read of a chunk whose choices are not what they should be."""

    usage: object = None
    error: object = None


_parse_chunk = msgspec.json.Decoder(_Chunk).decode
_parse_bare = msgspec.json.Decoder(_BareChunk).decode


class ChatEvents(EventMeter):
    """`POST /v1/chat/completions` or `/v1/completions` with `stream: true`."""

    def __init__(self) -> None:
        super().__init__(None)
        self._tools = ToolNames()
        self._text_bytes = self._thinking_bytes = self._tool_bytes = self._pieces = 0

    def read_event(self, name: bytes, data: bytes) -> None:
        """Take in one chunk. Nearly all of them bring text alone, which is no news."""
        known = self._reading
        chunk = parse(_parse_chunk, data)
        if chunk is None:
            if data.strip() == b"[DONE]":
                self.learn(ended=True)
                return
            bare = parse(_parse_bare, data) or _BareChunk()
            chunk = _Chunk(usage=bare.usage, error=bare.error)
        if chunk.choices:
            self._read_choices(chunk.choices)
        if known.upstream_id is None and chunk.id:
            self.learn(upstream_id=text(chunk.id))
        if known.model is None and chunk.model:
            self.learn(model=text(chunk.model))
        if chunk.service_tier not in (None, known.service_tier):
            self.learn(service_tier=text(chunk.service_tier))
        if chunk.usage or chunk.x_groq:
            # Groq reports in `x_groq` to those who have not asked for usage.
            usage = chunk.usage or members(chunk.x_groq).get("usage")
            self.learn(usage=usage_of(usage), billed=billed_in(usage) or None)
        if chunk.error is not None:
            self.learn(error=fault(chunk.error))
        elif name == b"error" or chunk.kind == "error":  # Groq; vLLM: the error is the event itself
            self.learn(error=fault(parsed(data)))

    def _read_choices(self, choices: list[_Choice]) -> None:
        for choice in choices:
            if choice.finish_reason is not None:
                self.learn(stop_reason=text(choice.finish_reason))
            delta = choice.delta
            if delta is None:
                self._text_bytes += self._piece(choice.text)
                continue
            if delta.content or delta.refusal:
                self._text_bytes += self._piece(delta.content or delta.refusal)
            if delta.reasoning_content or delta.reasoning:
                self._thinking_bytes += self._piece(delta.reasoning_content or delta.reasoning)
            if delta.tool_calls or delta.function_call:
                self._read_calls(choice, delta)

    def _read_calls(self, choice: _Choice, delta: _Delta) -> None:
        """A call's name comes in its first piece; some servers repeat it in each."""
        for call in elements(delta.tool_calls):
            call_fields = members(call)
            number = count(call_fields.get("index"))
            which = text(call_fields.get("id")) if number is None else number
            function = members(call_fields.get("function"))
            self._tools.add(function.get("name"), key=("tool", count(choice.index), which))
            self._tool_bytes += self._piece(function.get("arguments"))
        function = members(delta.function_call)
        self._tools.add(function.get("name"), key=("function", count(choice.index)))
        self._tool_bytes += self._piece(function.get("arguments"))
        if self._tools.names is not self._reading.tools:  # most pieces are of the arguments
            self.learn(tools=self._tools.names)

    def _piece(self, content: object) -> int:
        """Count a piece that has something in it, and return its bytes in UTF-8."""
        octets = _octets(content)
        self._pieces += octets > 0
        return octets

    def generated(self) -> Generated:
        """How much content has passed."""
        return Generated(self._text_bytes, self._thinking_bytes, self._tool_bytes, pieces=self._pieces)

    def end(self) -> None:
        """Without `[DONE]`, a reason to stop and a clean end make a whole answer."""
        if self._reading.stop_reason is not None and self._reading.error is None:
            self.learn(ended=True)


def _octets(content: object) -> int:
    """The bytes of a string, or of the text in parts (Mistral), which may hold parts again."""
    if isinstance(content, str):
        return len(content) if content.isascii() else len(content.encode())
    parts = [members(part) for part in elements(content)]
    return sum(_octets(part.get("text")) + _octets(part.get("thinking")) for part in parts)


_TOOL_NAME = ("choices", "*", "message", "tool_calls", "*", "function", "name")
_FUNCTION_NAME = ("choices", "*", "message", "function_call", "name")
_FINISH_REASON = ("choices", "*", "finish_reason")


class ChatJson(MemberMeter):
    """`POST /v1/chat/completions` or `/v1/completions` without streaming."""

    def __init__(self) -> None:
        super().__init__(
            [
                *(("id",), ("model",), ("service_tier",), ("usage",), ("error",)),
                *(_FINISH_REASON, _TOOL_NAME, _FUNCTION_NAME),
            ]
        )

    def compose(self) -> Reading:
        """The reading so far."""
        value, tools = self.members.value, ToolNames()
        for name in (*self.members.values(*_TOOL_NAME), *self.members.values(*_FUNCTION_NAME)):
            tools.add(parsed(name))
        usage, error = parsed(value("usage")), parsed(value("error"))
        return Reading(
            usage=usage_of(usage),
            model=text(parsed(value("model"))),
            stop_reason=text(parsed(value(*_FINISH_REASON))),
            upstream_id=text(parsed(value("id"))),
            service_tier=text(parsed(value("service_tier"))),
            billed=billed_in(usage),
            tools=tools.names,
            error=fault(error) if error else None,
        )


class EmbeddingsJson(MemberMeter):
    """`POST /v1/embeddings`: megabytes of numbers around a model and a count."""

    def __init__(self) -> None:
        super().__init__([("id",), ("model",), ("usage",), ("error",)])

    def compose(self) -> Reading:
        """The reading so far."""
        value = self.members.value
        error = parsed(value("error"))
        return Reading(
            usage=usage_of(parsed(value("usage")), generates=False),
            model=text(parsed(value("model"))),
            upstream_id=text(parsed(value("id"))),
            error=fault(error) if error else None,
        )
