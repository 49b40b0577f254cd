"""The OpenAI dialect: chat completions, completions, responses and embeddings, at OpenAI and its many likes."""

from __future__ import annotations

import msgspec

from trioproxy.model import Asked, Dialect, Head
from trioproxy.providers.asking import STANDARD, effort_named, last_user_text, plain, text_of, wanted
from trioproxy.providers.base import Kind, Meter, Operation
from trioproxy.providers.estimating import input_estimate
from trioproxy.providers.fields import elements, members, parse, parsed, text
from trioproxy.providers.meters import Silent, meter_for
from trioproxy.providers.openai_chat import ChatEvents, ChatJson, EmbeddingsJson
from trioproxy.providers.openai_responses import ResponsesEvents, ResponsesJson
from trioproxy.wire.canonical import Json

_OTHER = Operation(Kind.OTHER, generation=False)
_GENERATIONS = {
    "/v1/chat/completions": Operation(Kind.CHAT, generation=True),
    "/v1/completions": Operation(Kind.CHAT, generation=True),
    "/v1/responses": Operation(Kind.RESPONSES, generation=True),
    "/v1/embeddings": Operation(Kind.EMBEDDINGS, generation=True),
}

_METERS = {
    Kind.CHAT: (ChatEvents, ChatJson),
    Kind.RESPONSES: (ResponsesEvents, ResponsesJson),
    Kind.EMBEDDINGS: (None, EmbeddingsJson),
}

# https://platform.openai.com/docs/guides/error-codes
_ERROR_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class _Request(msgspec.Struct):
    model: object = None
    reasoning_effort: object = None
    reasoning: object = None


class _RequestWithText(_Request):
    messages: msgspec.Raw = msgspec.Raw()
    input: msgspec.Raw = msgspec.Raw()
    prompt: msgspec.Raw = msgspec.Raw()


_parse_request = msgspec.json.Decoder(_Request).decode
_parse_with_text = msgspec.json.Decoder(_RequestWithText).decode
_parse_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


class OpenAI:
    """Speaks the OpenAI dialect."""

    dialect = Dialect.OPENAI

    def recognise(self, method: str, path: str) -> Operation:
        """The four generation routes; anything else streams through."""
        return _GENERATIONS.get(path, _OTHER) if method == "POST" else _OTHER

    def read_request(
        self,
        operation: Operation,
        body: bytes,
        preview_chars: int,
        *,
        content_encoding: str = "",
        found: Json | None = None,
    ) -> Asked:
        """Model, effort, the start of the last user message, and about how many tokens it is."""
        if not operation.generation:
            return Asked()
        body_plain = plain(body, content_encoding)
        embeds = operation.kind is Kind.EMBEDDINGS
        previews = preview_chars > 0 and not embeds
        asked = parse(_parse_with_text, wanted(_RequestWithText, body_plain, found)) if previews else None
        request = asked or parse(_parse_request, wanted(_Request, body_plain, found))
        if request is None or body_plain is None:
            return Asked()
        named = effort_named(request.reasoning_effort, members(request.reasoning).get("effort"))
        return Asked(
            model=text(request.model),
            effort=None if embeds else named or STANDARD,
            preview=_preview(asked, preview_chars) if asked else None,
            input_estimate=input_estimate(operation.kind, body_plain),
        )

    def meter(self, operation: Operation, head: Head) -> Meter:
        """A meter for the answer with this head."""
        if operation.kind not in _METERS:
            return Silent()
        events, json = _METERS[operation.kind]
        return meter_for(operation, head, events=events, json=json)

    def error_body(self, status: int, code: str, message: str) -> bytes:
        """`{"error": {"message": …, "type": …, "param": null, "code": …}}`."""
        kind = _ERROR_TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
        return msgspec.json.encode({"error": {"message": message, "type": kind, "param": None, "code": code}})


def _preview(asked: _RequestWithText, chars: int) -> str | None:
    """Chat has messages; responses an input, as messages or plain; completions a prompt or several."""
    for raw in (asked.messages, asked.input):
        messages = parse(_parse_list, bytes(raw))
        if messages is not None:
            return last_user_text(messages, chars)
    plain_text = parsed(bytes(asked.input)) or parsed(bytes(asked.prompt))
    prompts = [prompt for prompt in elements(plain_text) if isinstance(prompt, str)]
    return text_of(prompts[-1] if prompts else plain_text, chars)
