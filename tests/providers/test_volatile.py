"""The lists of what does not count: what stands there on purpose, and what does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.captures import captured

from trioproxy.providers.base import Kind
from trioproxy.providers.volatile import HEADER_PREFIXES, HEADERS, MEMBERS, SELF_CONTAINED_ITEMS

# Headers of real clients that say what is wanted, or who wants it.
MEANT = {
    b"accept",
    b"accept-language",
    b"content-type",
    b"authorization",
    b"x-api-key",
    b"x-goog-api-key",
    b"cookie",
    b"anthropic-version",
    b"anthropic-beta",
    b"anthropic-dangerous-direct-browser-access",
    b"x-app",
    b"x-claude-code-agent-id",
    b"openai-organization",
    b"openai-project",
    b"openai-beta",
    b"originator",
    b"x-codex-beta-features",
    b"x-openai-internal-codex-responses-lite",
    b"idempotency-key",
}


def test_what_says_something_counts() -> None:
    assert not MEANT & HEADERS
    assert not [name for name in MEANT if name.startswith(HEADER_PREFIXES)]
    assert not [name for name in HEADERS if any(word in name for word in (b"auth", b"key", b"cookie", b"token"))]


def test_every_name_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "http.md").read_text()
    section = page.partition("### What makes no difference")[2].partition("\n## ")[0]
    names = {name.decode() for name in HEADERS} | {f"{name.decode()}*" for name in HEADER_PREFIXES}
    members = {name for each in MEMBERS.values() for name in each}
    assert {*names, *members} - set(re.findall(r"`([^`]+)`", section)) == set()


def test_names_are_in_lower_case_as_they_are_compared() -> None:
    assert all(name == name.lower() for name in (*HEADERS, *HEADER_PREFIXES))


@pytest.mark.parametrize("name", ["claude_code", "claude_code_agent", "codex", "anthropic_sdk", "openai_sdk_chat"])
def test_every_header_of_a_real_client_is_known_as_one_or_the_other(name: str) -> None:
    transport = {b"host", b"connection", b"content-length", b"accept-encoding"}
    sent = {key.lower() for key, _ in captured(name).headers} - transport
    assert {key for key in sent if key not in MEANT and key not in HEADERS and not key.startswith(HEADER_PREFIXES)} == (
        set()
    )


def test_what_names_a_thing_kept_elsewhere_is_no_item_of_its_own() -> None:
    assert not SELF_CONTAINED_ITEMS & {"item_reference", "reasoning", "mcp_approval_request", "computer_call"}


def test_what_the_upstream_keeps_under_a_name_counts_at_openai() -> None:
    for kind in (Kind.CHAT, Kind.RESPONSES):
        assert not MEMBERS[kind] & {"metadata", "user", "safety_identifier", "store", "previous_response_id"}
