"""An API's whole answer as steps: `answer = "anthropic"`, `text = "…"`."""

from __future__ import annotations

from collections.abc import Iterator

from trioproxy.lab.answers import (
    Answer,
    anthropic,
    anthropic_error_event,
    chat,
    chat_stream,
    message,
    message_stream,
    openai,
    openai_error_event,
    response,
    response_stream,
)
from trioproxy.lab.answers.answer import event
from trioproxy.lab.script.actions import Chunk, Framing, Head, Step
from trioproxy.lab.script.toml_bytes import compressed
from trioproxy.lab.script.toml_table import Table, shown

APIS = ["anthropic", "openai", "responses"]
TEXT = "One two three."
_ERROR = {"type": "error", "code": "server_error", "message": "Scripted.", "param": None, "sequence_number": 0}


def answer_steps(table: Table, after_s: float) -> Iterator[Step]:
    """The head `after_s` seconds after what came before, then each part; nothing if there is no such API."""
    api = table.word("answer", APIS)
    text = table.text("text")
    model = table.text("model")
    stream = table.flag("stream", default=True)
    usage = table.flag("include_usage")
    up_to, every_s = table.value("up_to"), table.seconds("every")
    if up_to is not None and (not isinstance(up_to, int) or isinstance(up_to, bool)):
        table.wrong("up_to", f"got {shown(up_to)}; expected a number of parts, from the end if negative")
        up_to = None
    framing = table.choice("framing", Framing)
    headers = table.headers()
    packed = table.flag("gzip")
    if api is None:
        return
    usual = anthropic.MODEL if api == "anthropic" else openai.MODEL
    answer = _answer(api, TEXT if text is None else text, model or usual, stream, usage).up_to(up_to)
    parts = list(answer.parts)
    if packed and parts:
        parts = compressed(parts)
        headers = (*headers, (b"content-encoding", b"gzip"))
    framing = framing or (Framing.CHUNKED if answer.streamed else Framing.LENGTH)
    yield after_s, Head(answer.status, (*answer.headers, *headers), framing)
    for part in parts:
        yield every_s, Chunk(part)


def _answer(api: str, text: str, model: str, stream: bool, usage: bool) -> Answer:
    match api, stream:
        case "anthropic", True:
            return message_stream(text, model=model)
        case "anthropic", False:
            return message(text, model=model)
        case "openai", True:
            return chat_stream(text, include_usage=usage, model=model)
        case "openai", False:
            return chat(text, model=model)
        case "responses", True:
            return response_stream(text, model=model)
    return response(text, model=model)


def error_event(table: Table) -> bytes:
    """The event that tells of an error inside a 200."""
    match table.word("error_event", APIS):
        case "openai":
            return openai_error_event()
        case "responses":
            return event(_ERROR, named=True)
    return anthropic_error_event()
