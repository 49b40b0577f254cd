from __future__ import annotations

import pytest

from trioproxy.rules.families import ClaudeModel, Family, claude_model


@pytest.mark.parametrize(
    ("name", "family", "version"),
    [
        ("claude-opus-4-8", Family.TOP, (4, 8)),
        ("claude-opus-4-8[1m]", Family.TOP, (4, 8)),
        ("Claude-Opus-4.8", Family.TOP, (4, 8)),
        ("claude-opus-5", Family.TOP, (5, 0)),
        ("claude-opus-4-20250514", Family.TOP, (4, 0)),
        ("claude-opus-4-1@20250805", Family.TOP, (4, 1)),
        ("claude-3-opus-latest", Family.TOP, (3, 0)),
        ("claude-fable-5-2", Family.TOP, (5, 2)),
        ("claude-mythos-preview", Family.TOP, None),
        ("claude-sonnet-4-5-20250929", Family.SONNET, (4, 5)),
        ("claude-3-7-sonnet-latest", Family.SONNET, (3, 7)),
        ("claude-4.5-sonnet", Family.SONNET, (4, 5)),
        ("claude-haiku-4-5-20251001", Family.HAIKU, (4, 5)),
        ("claude-3-5-haiku-20241022", Family.HAIKU, (3, 5)),
        ("claude-3-haiku-20240307", Family.HAIKU, (3, 0)),
        ("claude-haiku", Family.HAIKU, None),
    ],
)
def test_names_old_and_new(name: str, family: Family, version: tuple[int, int] | None):
    assert claude_model(name) == ClaudeModel(family, version)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "gpt-5",
        "claude-2.1",
        "claude-instant-1",
        "claude-opusculum-1",
        "claude-saga-7",
        "anthropic/claude-opus-4.8",
        "my-claude-opus-4-8",
    ],
)
def test_names_that_tell_no_family(name: str):
    assert claude_model(name) is None


def test_a_name_without_a_version_is_new():
    assert ClaudeModel(Family.HAIKU, (4, 5)).before(5)
    assert not ClaudeModel(Family.HAIKU, (5, 0)).before(5)
    assert not ClaudeModel(Family.HAIKU, None).before(5)
    assert ClaudeModel(Family.SONNET, (4, 5)).before(4, 6)
    assert Family.HAIKU < Family.SONNET < Family.TOP
