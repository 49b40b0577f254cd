"""Who shares an answer with whom, and what is told again."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.model import CallOutcome, Join, RawHeaders, Reading, Usage
from trioproxy.rules import reuse
from trioproxy.rules.reuse import replayed_headers

WHOLE = Reading(ended=True)
JSON: RawHeaders = ((b"content-type", b"application/json"),)


def takes_part(said: Mapping[bytes, bytes] = MappingProxyType({}), body_bytes: int = 10) -> bool:
    return reuse.kept_out(said, body_bytes=body_bytes, max_body_bytes=10) is None


def test_a_request_takes_part_unless_something_speaks_against_it() -> None:
    assert takes_part()
    assert takes_part({b"x-trioproxy-reuse": b"yes", b"cache-control": b"max-age=05, no-transform"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x-trioproxy-reuse", b"no"),
        (b"x-trioproxy-reuse", b" No "),
        (b"cache-control", b"no-cache"),
        (b"cache-control", b"max-age=60, No-Store"),
        (b"cache-control", b"max-age=0"),
    ],
)
def test_a_client_can_stay_out(name: bytes, value: bytes) -> None:
    assert not takes_part({name: value})
    assert not takes_part({name: b"x, " + value})


def test_it_is_said_why_a_request_is_kept_out() -> None:
    def why(said: Mapping[bytes, bytes], body_bytes: int = 1) -> str | None:
        return reuse.kept_out(said, body_bytes=body_bytes, max_body_bytes=10)

    assert why({}) is None
    assert "replay.max_body_bytes (10)" in (why({}, body_bytes=11) or "")
    assert "connection" in (why({b"connection": b"x-api-key"}) or "")
    assert "x-trioproxy-reuse" in (why({b"x-trioproxy-reuse": b"no"}) or "")
    assert "cache-control" in (why({b"cache-control": b"no-cache"}) or "")


def test_a_body_over_the_limit_stays_out() -> None:
    assert takes_part(body_bytes=10)
    assert not takes_part(body_bytes=11)


@pytest.mark.parametrize(
    ("value", "stays"),
    [
        (b"close", True),
        (b"Keep-Alive", True),
        (b"upgrade, HTTP2-Settings", True),
        (b"", True),
        (b"x-api-key", False),
        (b"close, anthropic-beta", False),
    ],
)
def test_a_connection_field_that_takes_headers_away_keeps_a_request_out(value: bytes, stays: bool) -> None:
    assert takes_part({b"connection": value}) is stays


@pytest.mark.parametrize(
    ("value", "retry"),
    [
        (b"1", True),
        (b" 12 ", True),
        (b"9" * 5000, True),
        (b"0", False),
        (b"00", False),
        (b"", False),
        (b"-1", False),
        (b"1.5", False),
        (b"yes", False),
        ("²".encode(), False),
    ],
)
def test_a_retry_says_so(value: bytes, retry: bool) -> None:
    assert reuse.is_retry({b"x-stainless-retry-count": value}) is retry


def test_without_the_header_it_is_no_retry() -> None:
    assert not reuse.is_retry({})


@pytest.mark.parametrize(
    ("join", "seats", "retry", "allowed"),
    [
        (Join.RESEND, 0, False, True),
        (Join.RESEND, 0, True, True),
        (Join.RESEND, 1, True, True),
        (Join.RESEND, 1, False, False),
        (Join.RESEND, 3, False, False),
        (Join.ALWAYS, 0, False, True),
        (Join.ALWAYS, 2, False, True),
        (Join.NEVER, 0, True, False),
        (Join.NEVER, 2, True, False),
    ],
)
def test_who_may_join_a_live_twin(join: Join, seats: int, retry: bool, allowed: bool) -> None:
    assert reuse.may_join(join, seats, retry=retry) is allowed


@pytest.mark.parametrize(
    ("status", "headers", "joinable"),
    [
        (200, JSON, True),
        (200, (*JSON, (b"Content-Encoding", b"identity")), True),
        (200, (*JSON, (b"content-encoding", b"")), True),
        (200, (*JSON, (b"Content-Encoding", b"gzip")), False),
        (200, (*JSON, (b"content-encoding", b"identity, br")), False),
        (201, JSON, False),
        (204, JSON, False),
        (206, JSON, False),
        (304, JSON, False),
        (400, JSON, False),
        (429, JSON, False),
        (529, JSON, False),
    ],
)
def test_only_a_plain_200_goes_to_a_second_client(status: int, headers: RawHeaders, joinable: bool) -> None:
    assert reuse.joinable_head(status, headers) is joinable
    assert reuse.replayable(CallOutcome.COMPLETED, status, headers, WHOLE) is joinable


@pytest.mark.parametrize("outcome", CallOutcome)
def test_only_a_complete_answer_is_told_again(outcome: CallOutcome) -> None:
    assert reuse.replayable(outcome, 200, JSON, WHOLE) is (outcome is CallOutcome.COMPLETED)


@pytest.mark.parametrize(
    ("reading", "told_again"),
    [
        (Reading(ended=True), True),  # the protocol's last event
        (Reading(usage=Usage(output_tokens=0)), True),  # a whole answer in JSON reports its usage
        (Reading(), False),  # nobody has read it: an HTML page, JSON that was cut
        (Reading(usage=Usage(input_tokens=7)), False),
        (Reading(ended=True, error="overloaded_error"), False),
        (Reading(ended=True, stop_reason="error"), False),
        (Reading(ended=True, stop_reason="cancelled"), False),
        (Reading(ended=True, stop_reason="max_tokens"), True),
    ],
)
def test_framing_alone_proves_nothing(reading: Reading, told_again: bool) -> None:
    assert reuse.replayable(CallOutcome.COMPLETED, 200, JSON, reading) is told_again


def test_the_answer_to_tool_results_is_kept_for_longer() -> None:
    assert reuse.window_s(tool_results_only=False, window_s=5, window_tool_result_s=15) == 5
    assert reuse.window_s(tool_results_only=True, window_s=5, window_tool_result_s=15) == 15


@pytest.mark.parametrize(
    ("brought", "age_s", "age"),
    [
        ((), 0.0, b"0"),
        ((), 4.99, b"4"),
        ((), -1.0, b"0"),
        ((b"7",), 4.5, b"11"),
        ((b"7", b"9"), 0.0, b"7"),
        ((b"soon",), 2.0, b"2"),
        ((b"-3",), 2.0, b"2"),
        ((b"2147483648",), 2.0, b"2147483648"),
        ((b"9" * 30,), 2.0, b"2147483648"),
    ],
)
def test_an_answer_that_is_told_again_says_its_age(brought: tuple[bytes, ...], age_s: float, age: bytes) -> None:
    headers = replayed_headers((*((b"Age", each) for each in brought), *JSON), age_s=age_s)
    assert headers == (*JSON, (b"age", age))


def test_a_cookie_is_for_the_one_who_got_it_and_all_else_is_told_again() -> None:
    kept = ((b"Date", b"now"), (b"request-id", b"req_1"), (b"cache-control", b"no-cache"), *JSON)
    headers = replayed_headers((kept[0], (b"Set-Cookie", b"sid=1"), *kept[1:]), age_s=1)
    assert headers[:-1] == kept
    assert b"sid=1" not in [value for _, value in headers]


@given(st.lists(st.tuples(st.sampled_from([b"age", b"vary"]), st.just(b"1")), max_size=6))
def test_what_is_told_again_says_its_age_exactly_once(headers: list[tuple[bytes, bytes]]) -> None:
    told = replayed_headers(tuple(headers), age_s=3)
    assert [name for name, _ in told].count(b"age") == 1
