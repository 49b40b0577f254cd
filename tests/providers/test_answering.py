from __future__ import annotations

import pytest

from trioproxy.model import Dialect, Head, RawHeaders
from trioproxy.providers import SPEAKERS
from trioproxy.providers.answering import metering

SSE = (b"content-type", b"text/event-stream; charset=utf-8")
JSON = (b"content-type", b"application/json")
MESSAGES = {Dialect.ANTHROPIC: "/v1/messages", Dialect.OPENAI: "/v1/chat/completions"}


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(
    ("status", "headers", "by_protocol"),
    [
        (200, (SSE,), True),
        (299, ((b"Content-Type", b"TEXT/Event-Stream"),), True),
        (200, (SSE, (b"content-encoding", b"gzip")), True),
        (200, (SSE, (b"content-encoding", b"identity")), True),
        (200, (SSE, (b"Content-Encoding", b"compress")), False),  # nobody can read its last event
        (200, (JSON,), False),
        (200, (), False),
        (429, (SSE,), False),
        (302, (SSE,), False),
        (199, (SSE,), False),
    ],
)
def test_by_its_protocol_or_by_its_framing(
    dialect: Dialect, status: int, headers: RawHeaders, by_protocol: bool
) -> None:
    speaker = SPEAKERS[dialect]
    operation = speaker.recognise("POST", MESSAGES[dialect])
    _, judged = metering(speaker, operation, Head(status, headers))
    assert judged is by_protocol


@pytest.mark.parametrize("dialect", Dialect)
def test_what_is_no_generation_is_judged_by_its_framing(dialect: Dialect) -> None:
    speaker = SPEAKERS[dialect]
    _, judged = metering(speaker, speaker.recognise("GET", "/v1/models"), Head(200, (SSE,)))
    assert not judged


def test_the_meter_reads_the_answer() -> None:
    speaker = SPEAKERS[Dialect.ANTHROPIC]
    meter, _ = metering(speaker, speaker.recognise("POST", "/v1/messages"), Head(200, (SSE,)))
    meter.feed(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')
    assert meter.reading().ended
