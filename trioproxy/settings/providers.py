"""The section `[providers.<name>]`, and the providers that need no section."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field

from trioproxy.model import Dialect, Policy
from trioproxy.settings.kinds import BaseUrl, Expected, FilePath, Flag, Section, one_of

# First segments of paths that are the proxy's own or belong to a provider already.
RESERVED_NAMES = frozenset({"v1", "v1beta", "api", "dashboard", "_trioproxy"})


class ProviderSettings(Section):
    """One upstream."""

    base_url: BaseUrl = Field(description="where its API is, without /v1")
    dialect: Annotated[Dialect, one_of(Dialect)] = Field(description="how bodies are read")
    ca_file: FilePath = Field(default=None, description="trust these certificates alone")
    on_disconnect: Annotated[Policy | None, one_of(Policy)] = Field(
        default=None, description="in the place of disconnect.policy"
    )
    include_usage: Flag = Field(default=False, description="ask for the usage of chat streams whose client did not")


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
