"""What is booked when, from reports and from what passed."""

from __future__ import annotations

import base64
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.model import Generated, Reading, Usage, UsageSource
from trioproxy.providers.base import Kind
from trioproxy.providers.estimating import RATES, booked, input_estimate, opaque_bytes, output_estimate

REPORTED, ESTIMATED, MIXED, NONE = UsageSource
GENERATIONS = (Kind.MESSAGES, Kind.CHAT, Kind.RESPONSES)
SOME = Generated(text_bytes=4300, pieces=1000)
SOME_TOKENS = {Kind.MESSAGES: 1005, Kind.CHAT: 1001, Kind.RESPONSES: 1001}


def book(
    reading: Reading,
    kind: Kind = Kind.CHAT,
    *,
    status: int | None = 200,
    sent: bool = True,
    input_estimate: int | None = 70,
) -> tuple[Usage | None, UsageSource]:
    return booked(reading, kind=kind, status=status, sent=sent, input_estimate=input_estimate)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("usage", [Usage(100, 50, 3, 4, 5, 6), Usage(None, 50)])
def test_what_is_reported_is_booked_as_it_is(kind: Kind, sent: bool, usage: Usage) -> None:
    assert book(Reading(usage=usage, generated=SOME), kind, sent=sent) == (usage, REPORTED)


@pytest.mark.parametrize("kind", GENERATIONS)
def test_a_stream_that_reports_nothing_is_estimated(kind: Kind) -> None:
    assert book(Reading(generated=SOME), kind) == (Usage(70, SOME_TOKENS[kind]), ESTIMATED)
    assert book(Reading(generated=SOME, error="overloaded"), kind) == (Usage(70, SOME_TOKENS[kind]), ESTIMATED)
    assert book(Reading(generated=Generated()), kind) == (Usage(70, 0), ESTIMATED)


def test_input_reported_and_output_estimated_is_mixed() -> None:
    started = Usage(100, None, 3000, 1500, 500)
    assert book(Reading(usage=started, generated=SOME), Kind.MESSAGES) == (Usage(100, 1005, 3000, 1500, 500), MIXED)
    failed = Reading(usage=started, generated=Generated(), error="overloaded")
    assert book(failed, Kind.MESSAGES) == (Usage(100, 0, 3000, 1500, 500), MIXED)


def test_thinking_tokens_are_not_estimated() -> None:
    usage, _ = book(Reading(usage=Usage(1, None, reasoning_tokens=7), generated=SOME))
    assert usage is not None
    assert usage.reasoning_tokens is None


def test_a_report_without_input_or_output_is_none() -> None:
    assert book(Reading(usage=Usage(cache_read_tokens=5), generated=SOME), Kind.CHAT) == (Usage(70, 1001), ESTIMATED)


@pytest.mark.parametrize("kind", [*GENERATIONS, Kind.EMBEDDINGS])
def test_a_call_that_ends_before_its_head_has_cost_its_input(kind: Kind) -> None:
    assert book(Reading(), kind, status=None) == (Usage(70, 0), ESTIMATED)
    assert book(Reading(), kind, status=None, input_estimate=None) == (Usage(None, 0), ESTIMATED)


@pytest.mark.parametrize("kind", Kind)
def test_a_call_that_was_not_sent_has_cost_nothing(kind: Kind) -> None:
    assert book(Reading(), kind, status=None, sent=False) == (None, NONE)


@pytest.mark.parametrize("status", [199, 301, 400, 401, 429, 500, 529])
def test_an_error_has_cost_nothing(status: int) -> None:
    assert book(Reading(), status=status) == (None, NONE)


def test_an_error_instead_of_an_answer_has_cost_nothing() -> None:
    assert book(Reading(generated=Generated(), error="rate limit")) == (None, NONE)
    assert book(Reading(generated=Generated(json_bytes=3000), error="rate limit")) == (None, NONE)


def test_an_answer_that_nobody_can_read_is_not_estimated() -> None:
    assert book(Reading()) == (None, NONE)


def test_what_has_no_tokens_is_not_estimated() -> None:
    assert book(Reading(generated=SOME), Kind.OTHER) == (None, NONE)
    assert book(Reading(), Kind.OTHER, status=None) == (None, NONE)


def test_what_is_reported_of_a_call_that_is_not_estimated_stays() -> None:
    assert book(Reading(usage=Usage(5)), sent=False) == (Usage(5), REPORTED)


def test_embeddings_generate_no_tokens() -> None:
    assert book(Reading(generated=Generated(json_bytes=9000)), Kind.EMBEDDINGS) == (Usage(70, 0), ESTIMATED)


@pytest.mark.parametrize("kind", GENERATIONS)
def test_nothing_generated_is_no_tokens(kind: Kind) -> None:
    assert output_estimate(kind, Generated(), ()) == 0
    assert output_estimate(kind, Generated(json_bytes=100), ()) == 0


SIZES = st.integers(0, 100_000)
CONTENT = st.builds(Generated, SIZES, SIZES, SIZES, SIZES, st.integers(0, 9), SIZES)


@given(content=CONTENT, more=CONTENT, calls=st.integers(0, 5))
def test_more_content_is_never_fewer_tokens(content: Generated, more: Generated, calls: int) -> None:
    both = Generated(
        content.text_bytes + more.text_bytes,
        content.thinking_bytes + more.thinking_bytes,
        content.tool_bytes + more.tool_bytes,
        content.sealed_bytes + more.sealed_bytes,
        content.sealed_parts,
        content.pieces + more.pieces,
    )
    for kind in GENERATIONS:
        few = output_estimate(kind, content, ("tool",) * calls)
        assert 0 <= few <= output_estimate(kind, both, ("tool",) * calls)
        assert few < output_estimate(kind, content, ("tool",) * (calls + 1))


def test_each_kind_of_content_counts_at_its_rate() -> None:
    rates = RATES[Kind.MESSAGES]
    calls = output_estimate(Kind.MESSAGES, Generated(tool_bytes=650), ("a", "b"))
    assert calls == round(650 / rates.tool_arguments) + 2 * rates.tokens_a_call + rates.tokens_an_answer
    thinking = Generated(thinking_bytes=290)
    assert output_estimate(Kind.MESSAGES, thinking, ()) == 100 + rates.tokens_an_answer


def test_of_thinking_shown_and_sealed_the_larger_counts() -> None:
    rates = RATES[Kind.MESSAGES]
    sealed_bytes = rates.seal_bytes + round(1000 * rates.sealed)
    for shown_bytes, tokens in ((0, 1000), (1450, 1000), (5800, 2000)):
        content = Generated(thinking_bytes=shown_bytes, sealed_bytes=sealed_bytes, sealed_parts=1)
        assert output_estimate(Kind.MESSAGES, content, ()) == tokens + rates.tokens_an_answer


def test_a_piece_is_a_token_at_least_where_that_is_so() -> None:
    content = Generated(text_bytes=100, pieces=100)
    assert output_estimate(Kind.CHAT, content, ()) == 101
    assert output_estimate(Kind.MESSAGES, content, ()) == 28


def test_a_request_is_estimated_by_its_bytes() -> None:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "some words, " * 5000}]}).encode()
    for kind in GENERATIONS:
        assert input_estimate(kind, body) == pytest.approx(len(body) / RATES[kind].request, rel=0.01)
        assert input_estimate(kind, body, tools=True) - input_estimate(kind, body) == RATES[kind].tokens_for_tools
        assert input_estimate(kind, b"{}") == RATES[kind].tokens_a_request


@pytest.mark.parametrize("image_bytes", [20_000, 300_000, 2_000_000])
def test_images_do_not_count_as_text(image_bytes: int) -> None:
    image = base64.b64encode(random.Random(1).randbytes(image_bytes)).decode()
    words = [{"role": "user", "content": f"What is on it? {number} " * 20} for number in range(40)]
    with_image = json.dumps([*words[:20], {"source": {"type": "base64", "data": image}}, *words[20:]]).encode()
    without = json.dumps(words).encode()

    estimates = [input_estimate(Kind.MESSAGES, body) for body in (with_image, without)]
    assert estimates[0] == pytest.approx(estimates[1], rel=0.05, abs=2 * len(with_image) / 2048 / 4)


def test_words_are_not_taken_for_an_image() -> None:
    words = "/usr/lib/python3.11/site-packages/some_module.py:120: def run(self) -> None:  # 0xdeadbeef\n"
    assert opaque_bytes(json.dumps(words * 3000).encode()) == 0
    assert opaque_bytes(b"") == opaque_bytes(b"A" * 40) == 0


def test_a_body_of_any_size_is_looked_at_in_so_many_places() -> None:
    assert opaque_bytes(b"A" * 50_000_000) == pytest.approx(50_000_000, rel=0.01)
