"""The Responses meters beyond the whole answers (`test_meters.py`)."""

from __future__ import annotations

import pytest
from support.speakers import RESPONSES, metered

from trioproxy.model import Reading


def test_after_the_last_event_nothing_counts() -> None:
    late = 'data: {"type":"response.completed"}\n\ndata: {"type":"error","message":"late"}\n\n'
    assert metered(RESPONSES, late) == Reading(ended=True)


@pytest.mark.parametrize("event", ["response.output_item.added", "response.created", "response.queued"])
def test_responses_events_without_what_they_should_have(event: str) -> None:
    assert metered(RESPONSES, f'event: {event}\ndata: {{"item":null}}\n\n') == Reading()


def test_calls_of_the_providers_own_tools_are_named_by_their_type() -> None:
    body = '{"output":[{"type":"web_search_call"},{"type":"message"},{"type":"mcp_call","name":"n"}]}'
    assert metered(RESPONSES, body, "application/json").tools == ("n", "web_search_call")


def test_an_error_in_a_json_answer() -> None:
    body = '{"status":"failed","error":{"code":"server_error","message":"m"}}'
    assert metered(RESPONSES, body, "application/json") == Reading(error="server_error: m")


def test_a_failure_that_says_nothing_is_one_all_the_same() -> None:
    assert metered(RESPONSES, "event: response.failed\ndata: {}\n\n") == Reading(error="error")
