"""The sections of the configuration file, with their defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from trioproxy.model import Dialect
from trioproxy.settings.kinds import (
    BaseUrl,
    Bytes,
    Count,
    Expected,
    FilePath,
    LedgerUrl,
    Port,
    Seconds,
    SecondsFromZero,
    Text,
)

# First segments of paths that are the proxy's own or belong to a provider already.
RESERVED_NAMES = frozenset({"v1", "v1beta", "api", "dashboard", "_trioproxy"})


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ServerSettings(_Section):
    """The side that clients see."""

    host: Text = Field(default="127.0.0.1", description="the address to listen on")
    port: Port = Field(default=8082, description="the port to listen on; 0 picks a free one")
    max_request_bytes: Bytes = Field(default=33_554_432, description="largest body of a generation request")
    request_silence: Seconds = Field(default=60.0, description="how long a client may stay silent while it owes a body")
    graceful_timeout: SecondsFromZero = Field(default=30.0, description="how long streams in flight get on shutdown")
    stalled_client_timeout: Seconds = Field(default=60.0, description="how long a client may refuse to read")
    certfile: FilePath = Field(default=None, description="certificate chain: TLS, with HTTP/2 by ALPN")
    keyfile: FilePath = Field(default=None, description="the certificate's private key")


class ProviderSettings(_Section):
    """One upstream."""

    base_url: BaseUrl = Field(description="where its API is, without /v1")
    dialect: Annotated[Dialect, Expected("one of: " + ", ".join(Dialect))] = Field(description="how bodies are read")
    ca_file: FilePath = Field(default=None, description="trust these certificates alone")


class TimeoutSettings(_Section):
    """How long each phase of an upstream call may take. There is no limit on the whole."""

    connect: Seconds = Field(default=10.0, description="to be connected, TLS included")
    first_byte: Seconds = Field(default=600.0, description="the longest wait for a response head")
    read: Seconds = Field(default=120.0, description="the longest silence within a response body")
    write: Seconds = Field(default=30.0, description="how long the upstream may refuse to take request bytes")


class LedgerSettings(_Section):
    """Where calls and exchanges are recorded."""

    url: LedgerUrl = Field(default="sqlite:///~/.local/share/trioproxy/ledger.db", description="the database")
    durability: Annotated[Literal["normal", "full"], Expected("normal or full")] = Field(
        default="normal", description="full: flushed to the disk at every commit"
    )
    prompt_preview: Count = Field(default=0, description="characters of the last user message to keep")


def _openai(base_url: str) -> ProviderSettings:
    return ProviderSettings(base_url=base_url, dialect=Dialect.OPENAI)


BUILT_IN_PROVIDERS: Mapping[str, ProviderSettings] = MappingProxyType(
    {
        "anthropic": ProviderSettings(base_url="https://api.anthropic.com", dialect=Dialect.ANTHROPIC),
        "openai": _openai("https://api.openai.com"),
        "groq": _openai("https://api.groq.com/openai"),
        "mistral": _openai("https://api.mistral.ai"),
        "deepseek": _openai("https://api.deepseek.com"),
        "xai": _openai("https://api.x.ai"),
        "perplexity": _openai("https://api.perplexity.ai"),
        "cerebras": _openai("https://api.cerebras.ai"),
        "together": _openai("https://api.together.xyz"),
        "fireworks": _openai("https://api.fireworks.ai/inference"),
        "cohere": _openai("https://api.cohere.ai/compatibility"),
        "openrouter": _openai("https://openrouter.ai/api"),
        "ollama": _openai("http://localhost:11434"),
    }
)


def _provider_name(name: str) -> str:
    if name in RESERVED_NAMES:
        raise ValueError("the name is reserved: the proxy has routes of its own there")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name):
        raise ValueError("not a name that a path can begin with")
    return name


ProviderName = Annotated[
    str,
    AfterValidator(_provider_name),
    Expected("lower-case letters, digits, '-', '_' and '.', none of " + ", ".join(sorted(RESERVED_NAMES))),
]


class Settings(_Section):
    """The whole configuration. `Settings()` is what runs with no file at all."""

    server: ServerSettings = ServerSettings()
    providers: Annotated[Mapping[ProviderName, ProviderSettings], AfterValidator(MappingProxyType)] = Field(
        default_factory=lambda: BUILT_IN_PROVIDERS
    )
    timeouts: TimeoutSettings = TimeoutSettings()
    ledger: LedgerSettings = LedgerSettings()
