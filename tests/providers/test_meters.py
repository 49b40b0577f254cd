"""Every dialect's meters on the answers of `tests/data/streams`: whole, byte by byte, at every split, and on junk."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from support.answers import ANSWERS, STREAMS

from trioproxy.model import Dialect, Head, RawHeaders, Reading
from trioproxy.providers import SPEAKERS
from trioproxy.providers.base import Kind, Meter, Operation


def meter_for(name: str, *, status: int = 200, coding: str = "", content_type: str | None = None) -> Meter:
    dialect, path, _ = ANSWERS[name]
    speaker = SPEAKERS[dialect]
    kind = content_type or ("text/event-stream; charset=utf-8" if name.endswith(".sse") else "application/json")
    headers = ((b"Content-Type", kind.encode()), (b"Content-Encoding", coding.encode()))
    return speaker.meter(speaker.recognise("POST", path), Head(status, headers))


def read(meter: Meter, pieces: list[bytes]) -> Reading:
    for piece in pieces:
        meter.feed(piece)
    meter.end()
    return meter.reading()


@pytest.fixture(params=ANSWERS)
def answer(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_answer_is_in_the_table() -> None:
    assert {path.name for path in STREAMS.iterdir()} == set(ANSWERS)


def test_whole(answer: str) -> None:
    assert read(meter_for(answer), [(STREAMS / answer).read_bytes()]) == ANSWERS[answer][2]


def test_byte_by_byte_asked_at_every_byte(answer: str) -> None:
    body, meter = (STREAMS / answer).read_bytes(), meter_for(answer)
    seen = []
    for byte in body:
        meter.feed(bytes([byte]))
        seen.append(meter.reading())
    # What is known once stays known: an answer cut off anywhere has a reading, and it never goes back.
    for name in ("model", "upstream_id", "stop_reason", "error", "usage"):
        known = [getattr(reading, name) is not None for reading in seen]
        assert known == sorted(known), name
    assert read(meter, []) == ANSWERS[answer][2]


def test_at_every_split(answer: str) -> None:
    body, expected = (STREAMS / answer).read_bytes(), ANSWERS[answer][2]
    for i in range(len(body) + 1):
        assert read(meter_for(answer), [body[:i], body[i:]]) == expected, i


@given(data=st.data(), places=st.lists(st.integers(0, 3000), max_size=9))
def test_however_it_is_cut(data: st.DataObject, places: list[int]) -> None:
    """Longer streams, of the events of one answer in any number and order."""
    name = data.draw(st.sampled_from([name for name in ANSWERS if name.endswith(".sse")]))
    whole = (STREAMS / name).read_bytes().split(b"\n\n")[:-1]
    events = data.draw(st.lists(st.sampled_from(whole), max_size=12))
    body = b"".join(event + b"\n\n" for event in events)
    expected = read(meter_for(name), [body])
    marks = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    assert read(meter_for(name), [body[a:b] for a, b in pairwise(marks)]) == expected
    assert read(meter_for(name), [bytes([byte]) for byte in body]) == expected


@pytest.mark.parametrize("ends", [b"\r\n", b"\r"])
def test_other_line_ends(answer: str, ends: bytes) -> None:
    if answer.endswith(".sse"):
        body = (STREAMS / answer).read_bytes().replace(b"\n", ends)
        assert read(meter_for(answer), [body]) == ANSWERS[answer][2]
        assert read(meter_for(answer), [bytes([byte]) for byte in body]) == ANSWERS[answer][2]


@pytest.mark.parametrize(("coding", "encode"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_encoded(answer: str, coding: str, encode: object) -> None:
    assert callable(encode)
    body = encode((STREAMS / answer).read_bytes())
    assert (
        read(meter_for(answer, coding=coding), [body[i : i + 50] for i in range(0, len(body), 50)])
        == ANSWERS[answer][2]
    )


def silent(answer: str) -> Iterator[Meter]:
    yield meter_for(answer, coding="br")
    yield meter_for(answer, content_type="text/html")
    for status in (199, 301, 400, 429, 529):
        yield meter_for(answer, status=status)
    head = Head(200, ((b"content-type", b"application/json"),))
    yield SPEAKERS[ANSWERS[answer][0]].meter(Operation(Kind.OTHER, generation=False), head)


def test_what_cannot_or_need_not_be_read_is_not(answer: str) -> None:
    for meter in silent(answer):
        assert read(meter, [(STREAMS / answer).read_bytes()]) == Reading()


SSE = (b"content-type", b"text/event-stream; charset=utf-8")
JSON = (b"content-type", b"application/json")
GENERATION = {Dialect.ANTHROPIC: "/v1/messages", Dialect.OPENAI: "/v1/chat/completions"}


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(
    ("status", "headers", "by_protocol"),
    [
        (200, (SSE,), True),
        (299, ((b"Content-Type", b"TEXT/Event-Stream"),), True),
        (200, (SSE, (b"content-encoding", b"gzip")), True),
        (200, (SSE, (b"content-encoding", b"identity")), True),
        (200, (SSE, (b"Content-Encoding", b"compress")), False),  # nobody can read its last event
        (200, ((b"content-type", b"text/event-streams"),), False),
        (200, (JSON,), False),
        (200, (JSON, (b"content-encoding", b"gzip")), False),
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
    operation = speaker.recognise("POST", GENERATION[dialect])
    assert speaker.meter(operation, Head(status, headers)).by_protocol is by_protocol


@pytest.mark.parametrize("dialect", Dialect)
def test_what_is_no_generation_is_judged_by_its_framing(dialect: Dialect) -> None:
    speaker = SPEAKERS[dialect]
    assert not speaker.meter(speaker.recognise("GET", "/v1/models"), Head(200, (SSE,))).by_protocol


def test_a_coding_that_breaks_ends_nothing() -> None:
    body = gzip.compress((STREAMS / "groq_chat.sse").read_bytes())
    reading = read(meter_for("groq_chat.sse", coding="gzip"), [body[:-8], bytes(8)])
    assert reading == replace(ANSWERS["groq_chat.sse"][2], ended=False)


def test_an_answer_cut_off_before_its_last_event_has_not_ended(answer: str) -> None:
    body = (STREAMS / answer).read_bytes()
    meter = meter_for(answer)
    meter.feed(body[: body.rstrip().rfind(b"\n")])
    assert not meter.reading().ended


@given(
    junk=st.lists(
        st.sampled_from([path.read_bytes() for path in sorted(STREAMS.iterdir())]).flatmap(
            lambda body: st.tuples(st.integers(0, len(body)), st.integers(0, 300)).map(
                lambda cut: body[cut[0] :][: cut[1]]
            )
        )
        | st.binary(max_size=20)
        | st.sampled_from(
            [b"event: message_start\ndata: ", b'{"message":', b'"usage":[', b"null", b"1e999", b"\n\n", b"\xff"]
        ),
        max_size=8,
    )
)
def test_junk_raises_nothing(junk: list[bytes]) -> None:
    for name in ANSWERS:
        assert isinstance(read(meter_for(name), junk), Reading)


NAMES = [
    "type",
    "message",
    "usage",
    "delta",
    "error",
    "content_block",
    "name",
    "id",
    "model",
    "choices",
    "response",
    "input_tokens",
    "output_tokens",
    "object",
    "cache_creation",
    "prompt_tokens",
    "prompt_tokens_details",
    "item",
    "code",
    "cached_tokens",
    "cache_write_tokens",
    "completion_tokens",
    "stop_reason",
    "index",
    "function",
    "x_groq",
    "tool_calls",
    "finish_reason",
    "service_tier",
    "incomplete_details",
    "reason",
    "output",
    "content",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.text(max_size=3) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=25,
)


@given(
    value=JSON,
    event=st.sampled_from(["message_start", "message_delta", "content_block_start", "error", "response.completed"]),
)
def test_json_of_any_shape_raises_nothing(value: object, event: str) -> None:
    text = json.dumps(value)
    for name in ANSWERS:
        body = f"event: {event}\ndata: {text}\n\ndata: {text}\n\n" if name.endswith(".sse") else text
        reading = read(meter_for(name), [body.encode()])
        counts = (getattr(reading.usage, field) for field in reading.usage.__slots__) if reading.usage else ()
        assert all(count is None or 0 <= count <= 2**54 for count in counts)


def test_a_coding_that_breaks_leaves_the_framing_to_judge() -> None:
    """A plain stream that calls itself gzip: nothing of it can be read, nor its last event be missed."""
    meter = meter_for("groq_chat.sse", coding="gzip")
    assert meter.by_protocol

    meter.feed(b"data: [DONE]\n\n")

    assert not meter.by_protocol
