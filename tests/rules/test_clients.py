from __future__ import annotations

import pytest

from trioproxy.model import Arrival, ExchangeOpening
from trioproxy.rules.clients import Client, client, opening, session


@pytest.mark.parametrize(
    ("user_agent", "source"),
    [
        (b"claude-cli/2.1.330 (external, cli)", "claude-code"),
        (b"codex_exec/0.163.0 (Debian 13.0.0; x86_64) unknown (codex_exec; 0.163.0)", "codex"),
        (b"codex_cli_rs/0.1", "codex"),
        (b"codex-tui/0.1", "codex"),
        (b"GeminiCLI/0.9.0/gemini-2.5-pro (linux; x64)", "gemini-cli"),
        (b"Anthropic/Python 2.12.0", "anthropic-sdk"),
        (b"AsyncAnthropic/Python 2.12.0", "anthropic-sdk"),
        (b"OpenAI/Python 3.54.0", "openai-sdk"),
        (b"AsyncOpenAI/JS 1", "openai-sdk"),
        (b"curl/8.14.1", "curl"),
        (b"Aider", "aider"),
        (b" spaced /1", "spaced"),
        (b"", "unknown"),
        (b"/1.0", "unknown"),
        (b"\xe9t\xe9/1", "été"),
    ],
)
def test_the_source_is_known_by_its_user_agent(user_agent: bytes, source: str) -> None:
    assert client({b"user-agent": user_agent}) == Client(source, None, None)


def test_no_user_agent() -> None:
    assert client({}) == Client("unknown", None, None)


def test_a_product_name_is_cut() -> None:
    assert len(client({b"user-agent": b"x" * 10_000}).source) == 80


@pytest.mark.parametrize("name", [b"x-claude-code-session-id", b"session-id", b"session_id"])
def test_session(name: bytes) -> None:
    assert client({name: b"0199-abc"}).session == session({name: b"0199-abc"}) == "0199-abc"


def test_the_more_specific_session_wins_and_an_empty_one_is_none() -> None:
    assert session({b"session_id": b"b", b"x-claude-code-session-id": b"a"}) == "a"
    assert session({b"session_id": b"b", b"x-claude-code-session-id": b""}) == "b"
    assert session({b"session_id": b""}) is None


def test_agent() -> None:
    assert client({b"x-claude-code-agent-id": b"a-1"}).agent == "a-1"


def test_the_row_as_far_as_the_request_tells() -> None:
    said = {b"user-agent": b"claude-cli/2", b"x-claude-code-session-id": b"s", b"x-claude-code-agent-id": b"a"}
    arrival = Arrival("e1", 5.0, "POST", b"/groq/v1/%2F\xe9", b"q=1", tuple(said.items()), "2")
    assert opening(arrival, said, "groq") == ExchangeOpening(
        id="e1",
        started_at=5.0,
        provider="groq",
        method="POST",
        path="/groq/v1/%2Fé",
        http_version="2",
        source="claude-code",
        session="s",
        agent="a",
        preview=None,
    )
