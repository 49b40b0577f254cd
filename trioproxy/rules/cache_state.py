"""Which prompt cache of the provider's is probably warm, per session, as the last answers' usage told.

A cache lives five minutes from its last use, an hour where it was written for one (Anthropic, "Prompt
caching"); it belongs to one model. A session that changes models pays for writing the whole prefix again,
which is often more than the cheaper model saves: see the table in `rules/routing.py`.

The table is bounded, least recently noted out first. No clock is read: times are seconds, passed in.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from trioproxy.model import Usage
from trioproxy.rules.prompts import INSTRUCTIONS, messages, texts

LIFETIME_S = 300.0
LONG_LIFETIME_S = 3600.0
MAX_SESSIONS = 1_000
# Claude Code's first system block names its version and a hash that changes with the prompt.
_BILLING = "x-anthropic-billing-header:"
# Beyond it, system prompts tell of the day and the directory.
_FIRST_PART_CHARS = 2_048

# Owner, session id, and the hash of a prompt's first part, which is this process's own (`hash`): not its text.
SessionKey = tuple[bytes, str | None, int]


@dataclass(frozen=True, slots=True)
class CacheState:
    """The cache that a session used last: whose it is, how many seconds ago, and how many it lives."""

    model: str
    idle_s: float
    lifetime_s: float

    @property
    def warm(self) -> bool:
        """It is younger than its lifetime."""
        return self.idle_s < self.lifetime_s


class CacheTable:
    """The cache states of up to `max_sessions` sessions. Plain and deterministic."""

    def __init__(self, max_sessions: int = MAX_SESSIONS) -> None:
        self._max_sessions = max_sessions
        # key -> model, last use, lifetime
        self._sessions: OrderedDict[SessionKey, tuple[str, float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def look(self, key: SessionKey, now: float) -> CacheState | None:
        """The state of the session `key` at `now` (seconds), warm or not; None where nothing is known."""
        found = self._sessions.get(key)
        if found is None:
            return None
        model, last_use, lifetime_s = found
        return CacheState(model, now - last_use, lifetime_s)

    def note(self, key: SessionKey, model: str, usage: Usage | None, now: float) -> None:
        """A call of the session `key` to `model` has used `usage`, at `now` (seconds).

        One that neither read nor wrote a cache, or whose usage is not known, says nothing of it.
        """
        if usage is None or not (_written(usage) or usage.cache_read_tokens):
            return
        before = self.look(key, now)
        lifetime_s = LONG_LIFETIME_S if usage.cache_write_1h_tokens else LIFETIME_S
        if before is not None and before.model == model and before.warm:
            lifetime_s = max(lifetime_s, before.lifetime_s)
        self._sessions[key] = (model, now, lifetime_s)
        self._sessions.move_to_end(key)
        while len(self._sessions) > self._max_sessions:
            self._sessions.popitem(last=False)


def session_key(value: object, session: str | None, owner: bytes) -> SessionKey:
    """The key of the session that a request belongs to, from its decoded body `value`.

    A session is a session id (`rules/clients.py`), where the client sends one, and the first part of the
    system prompt: a client's sub-agents and its side requests share the id, but no cache.

    Args:
        owner: what two credentials differ in (a keyed hash of them): they never share a state.
    """
    return owner, session, hash(_first_part(value))


def _written(usage: Usage) -> int:
    return (usage.cache_write_5m_tokens or 0) + (usage.cache_write_1h_tokens or 0)


def _first_part(value: object) -> str:
    """The beginning of the system prompt, in whichever place the dialect has it."""
    found = ""
    for text in _system_texts(value) if isinstance(value, dict) else ():
        if not text.startswith(_BILLING):
            found += text[:_FIRST_PART_CHARS] + "\n"
            if len(found) > _FIRST_PART_CHARS:
                break
    return found[:_FIRST_PART_CHARS]


def _system_texts(value: dict[str, object]) -> Iterator[str]:
    yield from texts(value.get("system"))
    yield from texts(value.get("instructions"))
    for message in messages(value):
        if not isinstance(message, dict) or message.get("role") not in INSTRUCTIONS:
            return
        yield from texts(message.get("content"))
