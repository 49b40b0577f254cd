"""Meters for chat completions and the older completions, as an event stream and as JSON, and for embeddings.

A chat stream has no event names: each `data` line is a chunk, and any of them
may bring the model, a reason to stop, a tool's name, the usage or an error. The
usage comes in a chunk of its own, if the client asked for it. `[DONE]` is the
last word; where it is missing, a `finish_reason` and a clean end do.
Source: OpenAI API reference, "Chat Completions", "The chat completion chunk object".
"""

from __future__ import annotations

import msgspec

from trioproxy.model import Reading, Usage
from trioproxy.providers.fields import ToolNames, count, decode, decoded, elements, fault, members, text
from trioproxy.providers.meters import EventMeter, MemberMeter
from trioproxy.providers.openai_usage import billed_in, usage_of


class _Delta(msgspec.Struct):
    tool_calls: object = None
    function_call: object = None


class _Choice(msgspec.Struct):
    index: object = None
    finish_reason: object = None
    delta: _Delta | None = None


class _Chunk(msgspec.Struct):
    """A chunk, without what it is there for: the text."""

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


_decode_chunk = msgspec.json.Decoder(_Chunk).decode
_decode_bare = msgspec.json.Decoder(_BareChunk).decode


class ChatEvents(EventMeter):
    """`POST /v1/chat/completions` or `/v1/completions` with `stream: true`."""

    def __init__(self) -> None:
        super().__init__(None)
        self._tools = ToolNames()
        self._usage: Usage | None = None
        self._billed: tuple[tuple[str, int], ...] = ()
        self._model: str | None = None
        self._id: str | None = None
        self._service_tier: str | None = None
        self._stop_reason: str | None = None
        self._ended = False
        self._error: str | None = None

    def read_event(self, name: bytes, data: bytes) -> bool:
        """Take in one chunk; after `[DONE]`, nothing. Nearly all of them bring text alone, which is no news."""
        if self._ended:
            return False
        chunk = decode(_decode_chunk, data)
        if chunk is None:
            if data.strip() == b"[DONE]":
                self._ended = True
                return True
            bare = decode(_decode_bare, data) or _BareChunk()
            chunk = _Chunk(usage=bare.usage, error=bare.error)
        news = self._read_choices(chunk.choices) if chunk.choices else False
        if self._id is None or self._model is None or chunk.service_tier not in (None, self._service_tier):
            self._id = self._id or text(chunk.id)
            self._model = self._model or text(chunk.model)
            self._service_tier = text(chunk.service_tier) or self._service_tier
            news = True
        if chunk.usage or chunk.x_groq:
            # Groq reports in `x_groq` to those who have not asked for usage.
            usage = chunk.usage or members(chunk.x_groq).get("usage")
            self._usage = usage_of(usage) or self._usage
            self._billed = billed_in(usage) or self._billed
            news = True
        if chunk.error is not None:
            self._error = fault(chunk.error)
            news = True
        elif name == b"error" or chunk.kind == "error":  # Groq; vLLM: the error is the event itself
            self._error = fault(decoded(data))
            news = True
        return news

    def _read_choices(self, choices: list[_Choice]) -> bool:
        news = False
        for choice in choices:
            if choice.finish_reason is not None:
                self._stop_reason = text(choice.finish_reason) or self._stop_reason
                news = True
            if choice.delta is not None and (choice.delta.tool_calls or choice.delta.function_call):
                self._read_calls(choice, choice.delta)
                news = True
        return news

    def _read_calls(self, choice: _Choice, delta: _Delta) -> None:
        """A call's name comes in its first piece; some servers repeat it in each."""
        for call in elements(delta.tool_calls):
            call_fields = members(call)
            number = count(call_fields.get("index"))
            which = text(call_fields.get("id")) if number is None else number
            name = members(call_fields.get("function")).get("name")
            self._tools.add(name, key=("tool", count(choice.index), which))
        self._tools.add(members(delta.function_call).get("name"), key=("function", count(choice.index)))

    def end(self) -> None:
        """Without `[DONE]`, a reason to stop and a clean end make a whole answer."""
        if self._stop_reason is not None and self._error is None and not self._ended:
            self._ended = True
            self._reading = None

    def compose(self) -> Reading:
        """The reading so far."""
        return Reading(
            usage=self._usage,
            model=self._model,
            stop_reason=self._stop_reason,
            upstream_id=self._id,
            service_tier=self._service_tier,
            billed=self._billed,
            tools=self._tools.names,
            ended=self._ended,
            error=self._error,
        )


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
            tools.add(decoded(name))
        usage, error = decoded(value("usage")), decoded(value("error"))
        return Reading(
            usage=usage_of(usage),
            model=text(decoded(value("model"))),
            stop_reason=text(decoded(value(*_FINISH_REASON))),
            upstream_id=text(decoded(value("id"))),
            service_tier=text(decoded(value("service_tier"))),
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
        error = decoded(value("error"))
        return Reading(
            usage=usage_of(decoded(value("usage")), generates=False),
            model=text(decoded(value("model"))),
            upstream_id=text(decoded(value("id"))),
            error=fault(error) if error else None,
        )
