"""Counts as OpenAI-compatible providers word them, in the ledger's columns."""

from __future__ import annotations

from typing import Any

import pytest

from trioproxy.model import Usage
from trioproxy.providers.openai_usage import billed_in, usage_of


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 2}, Usage(10, 2)),
        ({"input_tokens": 10, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 4}}, Usage(6, 2, 4)),
        ({"prompt_tokens": 10, "completion_tokens": 2, "cached_tokens": 4}, Usage(6, 2, 4)),
        ({"prompt_tokens": 10, "completion_tokens": 2, "cached_prompt_text_tokens": 3}, Usage(7, 2, 3)),
        ({"prompt_tokens": 10, "completion_tokens": 2, "cache_read_input_tokens": 3}, Usage(7, 2, 3)),
        ({"input_tokens": 10, "input_tokens_details": {"cache_read_input_tokens": 3}}, Usage(7, None, 3)),
        ({"prompt_tokens": 10, "prompt_tokens_details": {"cache_write_tokens": 5}}, Usage(5, None, None, 5)),
        # Counts that contradict each other: there is no telling what the input was.
        ({"prompt_tokens": 10, "completion_tokens": 2, "cached_tokens": 11}, Usage(None, 2, 11)),
        ({"completion_tokens": 9}, Usage(None, 9)),
        ({"prompt_tokens": True, "total_tokens": 3}, None),
        ({"prompt_tokens": "12", "completion_tokens": 5.0}, Usage(12, 5)),
        ({"prompt_tokens": -1, "completion_tokens": 5.5}, None),
        ([], None),
        (None, None),
    ],
)
def test_openai_counts(reported: Any, usage: Usage | None) -> None:
    assert usage_of(reported) == usage


@pytest.mark.parametrize(
    ("prompt", "output", "total", "output_with_reasoning"),
    [(1, 99, 100, 99), (1, 99, 140, 139), (1, 39, 40, 79), (None, 99, 140, 99)],
)
def test_reasoning_is_added_where_the_total_says_that_it_was_counted_apart(
    prompt: int | None, output: int, total: int, output_with_reasoning: int
) -> None:
    reported = {"prompt_tokens": prompt, "completion_tokens": output, "reasoning_tokens": 40, "total_tokens": total}
    assert usage_of(reported) == Usage(prompt, output_with_reasoning, reasoning_tokens=40)


def test_what_has_a_price_of_its_own() -> None:
    reported = {
        "prompt_tokens_details": {"audio_tokens": 1},
        "completion_tokens_details": {"audio_tokens": 2},
        "citation_tokens": 3,
        "num_search_queries": 4,
    }
    named = ("input_audio_tokens", "output_audio_tokens", "output_citation_tokens", "web_searches")
    assert billed_in(reported) == tuple(zip(named, (1, 2, 3, 4), strict=True))
