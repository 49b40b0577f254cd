"""Anthropic's counts, merged from the parts of an answer."""

from __future__ import annotations

from typing import Any

import pytest

from trioproxy.model import Usage
from trioproxy.providers.anthropic_usage import AnthropicUsage


@pytest.mark.parametrize(
    ("parts", "usage"),
    [
        # Without a split, cache writes have the API's default lifetime.
        ([{"input_tokens": 1, "cache_creation_input_tokens": 9, "output_tokens": 3}], Usage(1, 3, None, 9)),
        # The total grew after the split was told.
        (
            [
                {"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_1h_input_tokens": 4}},
                {"cache_creation_input_tokens": 12},
            ],
            Usage(None, None, None, 8, 4),
        ),
        # A total below its parts is not believed.
        (
            [
                {"cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 4}},
                {"cache_creation_input_tokens": 0},
            ],
            Usage(None, None, None, 5, 4),
        ),
        ([{"input_tokens": 7}, {"input_tokens": None, "output_tokens": 2}], Usage(7, 2)),
        ([{}, None, 5], None),
    ],
)
def test_anthropic_counts_are_merged(parts: list[Any], usage: Usage | None) -> None:
    counts = AnthropicUsage()
    for part in parts:
        counts.merge(part)
    assert counts.usage(output_known=True) == usage
