"""Who is calling: the client by its User-Agent, its session and its sub-agent, for the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trioproxy.model import Arrival, ExchangeOpening

# First part of the User-Agent (lower case) -> the name people know the client by.
KNOWN = {
    "claude-cli": "claude-code",
    "codex_exec": "codex",
    "codex_cli_rs": "codex",
    "codex-tui": "codex",
    "geminicli": "gemini-cli",
    "anthropic": "anthropic-sdk",
    "asyncanthropic": "anthropic-sdk",
    "openai": "openai-sdk",
    "asyncopenai": "openai-sdk",
}
_SESSION = (b"x-claude-code-session-id", b"session-id", b"session_id")
_AGENT = (b"x-claude-code-agent-id",)
_MAX_CHARS = 80


@dataclass(frozen=True, slots=True)
class Client:
    """The client as it names itself."""

    source: str
    session: str | None
    agent: str | None


def client(said: Mapping[bytes, bytes]) -> Client:
    """Read the client off its headers (`wire.headers.first_fields`).

    Example: `claude-cli/2.1.330 (external, cli)` is `claude-code`; an unknown product goes by its own name.
    """
    product = (_first(said, (b"user-agent",)) or "").partition("/")[0].strip().lower()
    return Client(
        source=KNOWN.get(product, product or "unknown"),
        session=session(said),
        agent=_first(said, _AGENT),
    )


def session(said: Mapping[bytes, bytes]) -> str | None:
    """The id of the client's session, where it sends one."""
    return _first(said, _SESSION)


def opening(arrival: Arrival, said: Mapping[bytes, bytes], provider: str) -> ExchangeOpening:
    """The exchange's row as far as its request tells, before anything of the body is read. `said` as in `client`."""
    who = client(said)
    return ExchangeOpening(
        id=arrival.id,
        started_at=arrival.at,
        provider=provider,
        method=arrival.method,
        path=arrival.raw_path.decode("latin-1"),
        http_version=arrival.http_version,
        source=who.source,
        session=who.session,
        agent=who.agent,
        preview=None,
    )


def _first(said: Mapping[bytes, bytes], names: tuple[bytes, ...]) -> str | None:
    for name in names:
        if said.get(name):
            return said[name].decode("latin-1")[:_MAX_CHARS]
    return None
