"""Asking for usage by one edit of the request; and what is held of the answer, and for how long."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.usage_events import DELTA, KEPT, USAGE, stripped

from trioproxy.model import Head, RawHeaders
from trioproxy.providers.usage_asking import MAX_HELD_BYTES, UsageStripper, usage_stripper, with_usage_asked
from trioproxy.wire.canonical import parse

STREAMS = Path(__file__).parents[1] / "data" / "streams"


# The request.


ASKED = b'{"include_usage":true}'


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (b'{"n": 1.0, "stream" : true }', b'{"n": 1.0, "stream" : true,"stream_options":%b }' % ASKED),
        (b'{"stream":true,"stream_options":null}', b'{"stream":true,"stream_options":%b}' % ASKED),
        (b'{"stream_options": { }, "stream":true}', b'{"stream_options": {"include_usage":true }, "stream":true}'),
        (
            b'{"stream":true,"stream_options":{"include_obfuscation" : false}}',
            b'{"stream":true,"stream_options":{"include_obfuscation" : false,"include_usage":true}}',
        ),
        (b'{"stream":true,"stream_options":{"include_usage":false}}', b'{"stream":true,"stream_options":%b}' % ASKED),
        (b'{"stream":true,"stream_options":{"include_usage":null}}', b'{"stream":true,"stream_options":%b}' % ASKED),
    ],
)
def test_a_stream_that_has_not_asked_for_its_usage_asks_for_it(body: bytes, sent: bytes) -> None:
    assert with_usage_asked(body, parse(body)) == sent
    assert with_usage_asked(sent, parse(sent)) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages":[]}',
        b'{"stream":false}',
        b'{"stream":null}',
        b'{"stream":"true"}',
        b'{"stream":1}',
        b'{"stream":true,"stream_options":{"include_usage":true}}',
        b'{"stream":true,"stream_options":{"include_usage":0}}',
        b'{"stream":true,"stream_options":{"include_usage":"yes"}}',
        b'{"stream":true,"stream_options":[]}',
        b'{"stream":true,"stream_options":"x"}',
        b'[{"stream":true}]',
        b"not JSON",
    ],
)
def test_a_request_that_asks_or_is_no_stream_or_is_wrong_stays_as_it_is(body: bytes) -> None:
    assert with_usage_asked(body, parse(body)) is None


def test_a_body_that_cannot_be_edited_stays_as_it_is() -> None:
    assert with_usage_asked(b'{"stream":true,"stream":true', {"stream": True}) is None


# The answer, as providers send it.


@pytest.mark.parametrize("name", ["openai_chat.sse", "xai_chat.sse", "openai_completion.sse"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_the_usage_event_goes_and_the_rest_stays_wherever_the_stream_is_cut(name: str, line_end: bytes) -> None:
    stream = (STREAMS / name).read_bytes()
    usage, last = stream.split(b"\n\n")[-3:-1]
    assert b'"choices":[],' in usage
    assert last == b"data: [DONE]"
    expected = stream.replace(usage + b"\n\n", b"").replace(b"\n", line_end)
    stream = stream.replace(b"\n", line_end)
    assert stripped([stream]) == expected
    assert stripped(bytes([byte]) for byte in stream) == expected
    for place in range(len(stream)):
        assert stripped([stream[:place], stream[place:]]) == expected


@pytest.mark.parametrize(
    "name", ["groq_chat.sse", "deepseek_chat.sse", "openai_chat_tools.sse", "openrouter_error.sse"]
)
def test_usage_that_comes_with_something_else_stays(name: str) -> None:
    stream = (STREAMS / name).read_bytes()
    assert stripped([stream]) == stream
    assert stripped(bytes([byte]) for byte in stream) == stream


# How long bytes wait.


def test_whole_events_go_out_with_the_bytes_that_complete_them() -> None:
    stripper = UsageStripper()
    for end in (b"\n", b"\r\n", b"\r"):
        for event in (DELTA, b": ping", *KEPT):
            whole = event.replace(b"\n", end) + end + end
            assert stripper.feed(whole[:20]) + stripper.feed(whole[20:]) == whole
            assert stripper.held_bytes == 0


def test_a_comment_does_not_wait_for_its_end() -> None:
    stripper = UsageStripper()
    assert [stripper.feed(piece) for piece in (b": pi", b"ng", b"\n", b":\n", b"\n")] == [
        *(b": pi", b"ng", b"\n", b":\n", b"\n")
    ]


@pytest.mark.parametrize(
    ("before", "sure"),
    [
        (b'data: {"id":"x","choices":[', b"{"),
        (b'data: {"choices" : [ ', b"n"),
        (b"data: ", b"x"),
        (b"data:", b"5"),
        (b"event: message\r\ndata: " + b" " * (MAX_HELD_BYTES - 22), b"    "),
        (b"x" * MAX_HELD_BYTES, b"x"),
    ],
)
def test_an_event_that_cannot_be_the_usage_any_more_is_not_held(before: bytes, sure: bytes) -> None:
    stripper = UsageStripper()
    assert stripper.feed(before) == b""
    assert stripper.held_bytes == len(before)
    assert stripper.feed(sure) == before + sure
    assert stripper.held_bytes == 0
    assert [stripper.feed(piece) for piece in (b"more", b"\r", b"\n", b"more", b"\r\n", b"\r")] == [
        *(b"more", b"\r", b"\n", b"more", b"\r\n", b"\r")
    ]
    assert stripper.feed(b"\n" + USAGE + b"\n\n") == b"\n"


def test_after_the_last_word_nothing_waits_and_nothing_goes() -> None:
    stripper = UsageStripper()
    assert stripper.feed(b"data: [DO") == b""
    assert stripper.feed(b"NE]") == b"data: [DONE]"
    assert stripper.feed(b"\n\ndata: {") == b"\n\ndata: {"
    assert stripper.feed(b'"choices":[],"usage":{}}\n\n') == b'"choices":[],"usage":{}}\n\n'
    assert stripper.end() == b""


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_what_cannot_be_the_usage_is_searched_through_once(line_end: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    event_goes_on = UsageStripper._event_goes_on
    monkeypatch.setattr(UsageStripper, "_event_goes_on", lambda *args: steps.append(args) or event_goes_on(*args))
    stream = (DELTA + line_end + line_end) * 1000
    assert UsageStripper().feed(stream) == stream
    assert len(steps) == 1


def test_an_event_that_the_end_cuts_off_comes_out() -> None:
    stripper = UsageStripper()
    assert stripper.feed(DELTA + b"\n\n" + USAGE + b"\n") == DELTA + b"\n\n"
    assert stripper.end() == USAGE + b"\n"
    assert stripper.end() == b""


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize(("excess", "taken"), [(0, True), (1, False)])
def test_a_usage_event_may_be_64_kib_long_however_it_comes(line_end: bytes, excess: int, taken: bool) -> None:
    fields = b'","choices":[],"usage":{}}'
    event = b'data: {"id":"' + b"x" * (MAX_HELD_BYTES + excess - 13 - len(fields)) + fields
    stream = event + line_end + line_end
    expected = b"" if taken else stream
    assert stripped([stream]) == expected
    assert stripped([stream[:9], stream[9:-1], stream[-1:]]) == expected
    assert stripped([stream[: -len(line_end)], line_end]) == expected
    assert stripped(bytes([byte]) for byte in stream[-200:]) == stream[-200:]


SSE = (b"content-type", b"text/event-stream; charset=utf-8")


@pytest.mark.parametrize(
    ("status", "headers", "strips"),
    [
        (200, (SSE,), True),
        (201, (SSE,), True),
        (200, (SSE, (b"content-encoding", b"identity")), True),
        (200, (SSE, (b"content-encoding", b"gzip")), False),  # it cannot be read in passing
        (200, (SSE, (b"content-length", b"12")), False),  # its length would be a lie
        (429, (SSE,), False),
        (200, ((b"content-type", b"application/json"),), False),
        (200, (), False),
    ],
)
def test_the_event_is_taken_out_of_streams_that_can_do_without_it(
    status: int, headers: RawHeaders, strips: bool
) -> None:
    assert (usage_stripper(Head(status, headers)) is not None) is strips
