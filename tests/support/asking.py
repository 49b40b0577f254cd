"""What the SDKs are asked to send, and how they are pointed at a proxy."""

from __future__ import annotations

from typing import Any

import pytest

from support.server import RunningProxy

# The SDKs themselves leave generators half-way at `[DONE]`, which Trio tells of.
LEAVES_GENERATORS = pytest.mark.filterwarnings(
    "ignore:Async generator '(openai|anthropic|httpx2|httpcore2).:ResourceWarning"
)

TEXT = "Bytes are the client's, déjà vu included."
WORDS = 7
CLAUDE: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "Say it."}],
}
GPT: dict[str, Any] = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Say it."}]}
ASKS: dict[str, Any] = {"model": "gpt-5-mini", "input": "Say it."}
EMBEDS: dict[str, Any] = {"model": "text-embedding-3-small", "input": ["Say it.", "Again."]}


def options(proxy: RunningProxy, provider: str, **more: Any) -> dict[str, Any]:
    """For any client's constructor: the `provider`'s path on the proxy, and no retries unless asked for."""
    return {"base_url": f"{proxy.url}{provider}", "api_key": "key", "max_retries": 0, **more}
