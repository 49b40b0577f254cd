"""The Messages meters beyond the whole answers (`test_meters.py`)."""

from __future__ import annotations

from support.speakers import MESSAGES, metered

from trioproxy.model import Reading, Usage


def test_after_the_last_event_nothing_counts() -> None:
    late = 'data: {"type":"message_stop"}\n\ndata: {"type":"error","error":{"type":"late"}}\n\n'
    assert metered(MESSAGES, late) == Reading(ended=True)


def test_an_event_too_large_to_hold_still_ends_the_stream() -> None:
    text = "event: message_stop\ndata: " + "x" * (1 << 20) + "\n\n"
    assert metered(MESSAGES, text) == Reading(ended=True)


def test_output_counted_at_the_start_is_the_output_only_if_no_other_count_comes() -> None:
    start = 'data: {"type":"message_start","message":{"usage":{"input_tokens":5,"output_tokens":1}}}\n\n'
    assert metered(MESSAGES, start).usage == Usage(5, None)
    stop = 'data: {"type":"message_stop"}\n\n'
    assert metered(MESSAGES, start + stop).usage == Usage(5, 1)


def test_the_final_count_is_known_before_the_last_event() -> None:
    delta = 'data: {"type":"message_delta","usage":{"output_tokens":9}}\n\n'
    assert metered(MESSAGES, delta).usage == Usage(None, 9)
    without = 'data: {"type":"message_delta","usage":{"input_tokens":7,"output_tokens":null}}\n\n'
    assert metered(MESSAGES, without).usage == Usage(7, None)


def test_an_error_in_a_json_answer() -> None:
    reading = metered(MESSAGES, '{"type":"error","error":{"type":"t","message":"m"}}', "application/problem+json")
    assert reading == Reading(error="t: m")
