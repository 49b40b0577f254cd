"""Bytes that say nothing, and the word that ends them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.lab.from_trace.body import EVENT_STREAM, JSON, filled, filler, last_words, sliced
from trioproxy.model import CallOutcome, Dialect, Head
from trioproxy.providers import SPEAKERS

SIZES = st.lists(st.integers(1, 200), max_size=8)


@given(SIZES, st.sampled_from([EVENT_STREAM, JSON, ""]), st.binary(max_size=300))
def test_chunks_are_as_large_as_they_were_unless_the_last_word_is_larger(
    sizes: list[int], kind: str, last: bytes
) -> None:
    chunks = filled(sizes, kind, last)

    assert len(chunks) == len(sizes)
    if len(last) <= sum(sizes):
        assert [len(chunk) for chunk in chunks] == sizes
    if sizes:
        assert b"".join(chunks).endswith(last)


@given(SIZES)
def test_the_last_word_begins_a_line(sizes: list[int]) -> None:
    body = b"".join(filled(sizes, EVENT_STREAM, b"data: x\n\n"))
    lead = body.removesuffix(b"data: x\n\n")

    assert not sizes or not lead or lead.endswith(b"\n")


@pytest.mark.parametrize("size", [1, 2, 63, 64, 1000, 1001])
def test_filler_is_one_piece_again_and_again(size: int) -> None:
    chunk = filler(size, EVENT_STREAM)

    assert len(chunk) == size
    assert len(set(sliced(chunk, [2] * (size // 2)))) <= 1
    assert filler(size, JSON) == b" " * size


@pytest.mark.parametrize(
    ("path", "dialect", "target"),
    [
        ("/v1/messages", Dialect.ANTHROPIC, "/v1/messages"),
        ("/mine/v1/messages", Dialect.ANTHROPIC, "/v1/messages"),
        ("/openai/v1/chat/completions", Dialect.OPENAI, "/v1/chat/completions"),
        ("/openai/v1/completions", Dialect.OPENAI, "/v1/completions"),
        ("/openai/v1/responses", Dialect.OPENAI, "/v1/responses"),
    ],
)
def test_a_meter_reads_it_as_it_was_settled(path: str, dialect: Dialect, target: str) -> None:
    speaker = SPEAKERS[dialect]
    head = Head(200, ((b"content-type", EVENT_STREAM.encode()),))
    for outcome in (CallOutcome.COMPLETED, CallOutcome.UPSTREAM_ERROR, CallOutcome.TRUNCATED):
        meter = speaker.meter(speaker.recognise("POST", target), head)
        for chunk in filled([9, 10, 3000], EVENT_STREAM, last_words(path, EVENT_STREAM, outcome)):
            meter.feed(chunk)
        reading = meter.reading()
        assert (reading.ended, reading.error is not None) == (
            outcome is CallOutcome.COMPLETED,
            outcome is CallOutcome.UPSTREAM_ERROR,
        )


@pytest.mark.parametrize(
    ("kind", "outcome", "said"), [(JSON, "completed", b"{}"), (JSON, "truncated", b""), ("text/html", "completed", b"")]
)
def test_what_is_no_stream_has_no_last_event(kind: str, outcome: str, said: bytes) -> None:
    assert last_words("/v1/messages", kind, outcome) == said
