"""The words that rows and rules share: each is a column's value, in the ledger's spelling."""

from __future__ import annotations

from enum import StrEnum


class Dialect(StrEnum):
    """How a provider's bodies are read."""

    ANTHROPIC = "anthropic"
    OPENAI = "openai"


class CallOutcome(StrEnum):
    """How an upstream call ended (column `calls.outcome`)."""

    COMPLETED = "completed"
    ABANDONED = "abandoned"
    UPSTREAM_ERROR = "upstream_error"
    TRUNCATED = "truncated"
    TIMEOUT = "timeout"
    CONNECT_FAILED = "connect_failed"
    SHUTDOWN = "shutdown"
    CRASHED = "crashed"
    INTERNAL_ERROR = "internal_error"


class ExchangeOutcome(StrEnum):
    """How the delivery to one client ended (column `exchanges.outcome`)."""

    DELIVERED = "delivered"
    CLIENT_LEFT = "client_left"
    CLIENT_STALLED = "client_stalled"
    UPSTREAM_FAILED = "upstream_failed"
    REJECTED = "rejected"
    SHUTDOWN = "shutdown"
    CRASHED = "crashed"


class ServedBy(StrEnum):
    """Who answered the client (column `exchanges.served_by`)."""

    CALL = "call"
    JOINED = "joined"
    REPLAYED = "replayed"
    PROXY = "proxy"


class Policy(StrEnum):
    """How long an upstream call outlives its last client (column `calls.policy`)."""

    ABORT = "abort"
    LINGER = "linger"
    DRAIN = "drain"


class Until(StrEnum):
    """What `drain` waits for (setting `disconnect.until`)."""

    END = "end"
    USAGE = "usage"


class Join(StrEnum):
    """Which requests join a live twin (setting `replay.join`)."""

    RESEND = "resend"
    ALWAYS = "always"
    NEVER = "never"


class UsageSource(StrEnum):
    """Where the tokens of a call come from (column `calls.usage_source`)."""

    REPORTED = "reported"
    ESTIMATED = "estimated"
    # The input reported, the output estimated.
    MIXED = "mixed"
    NONE = "none"


class SavingKind(StrEnum):
    """What was done to a request so that it costs less."""

    ROUTING = "routing"
    PROMPT_CACHING = "prompt_caching"
