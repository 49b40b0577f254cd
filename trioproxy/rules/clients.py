"""Who is calling: the client by its User-Agent, its session and its sub-agent, for the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from trioproxy.model import Arrival, ExchangeOpening, RawHeaders

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


def client(headers: RawHeaders) -> Client:
    """Read the client off its headers.

    Example: `claude-cli/2.1.330 (external, cli)` is `claude-code`; an unknown product goes by its own name.
    """
    found: dict[bytes, str] = {}
    for name, value in headers:
        found.setdefault(name.lower(), value.decode("latin-1")[:_MAX_CHARS])
    product = found.get(b"user-agent", "").partition("/")[0].strip().lower()
    return Client(
        source=KNOWN.get(product, product or "unknown"),
        session=_first(found, _SESSION),
        agent=_first(found, _AGENT),
    )


def opening(arrival: Arrival, provider: str) -> ExchangeOpening:
    """The exchange's row as far as its request tells, before anything of the body is read."""
    who = client(arrival.headers)
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


def _first(found: dict[bytes, str], names: tuple[bytes, ...]) -> str | None:
    return next((found[name] for name in names if found.get(name)), None)
