"""What clients need so that they talk to a proxy at a given address: variables and arguments, as data.

Each variable was looked up in the client that reads it. Left out are those that would
send a client to a route that is not there: groq's SDK appends `/openai/v1` of its own to
`GROQ_BASE_URL`, perplexity's has its chat outside `/v1`, ollama's (`OLLAMA_HOST`) and
cohere's (`CO_API_URL`) speak APIs of their own. The SDKs of mistral, openrouter and xai
read no variable at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

# variable -> path below the proxy's address; in comments, who reads it
BASE_URLS: Mapping[str, str] = {
    "ANTHROPIC_BASE_URL": "",  # Claude Code (it needs nothing else), the Anthropic SDKs, langchain-anthropic
    "OPENAI_BASE_URL": "/openai/v1",  # the OpenAI SDKs, langchain-openai
    "OPENAI_API_BASE": "/openai/v1",  # langchain-openai, which prefers it
    "CEREBRAS_BASE_URL": "/cerebras",  # cerebras-cloud-sdk, which appends /v1/…
    "TOGETHER_BASE_URL": "/together",  # together 3, which appends /v1/…
    "FIREWORKS_BASE_URL": "/fireworks",  # fireworks-ai 1, which appends /v1/… where the variable is set
    "MISTRAL_BASE_URL": "/mistral/v1",  # langchain-mistralai
    "DEEPSEEK_API_BASE": "/deepseek/v1",  # langchain-deepseek
    "XAI_API_BASE": "/xai/v1",  # langchain-xai
    "OPENROUTER_API_BASE": "/openrouter/v1",  # langchain-openrouter
}
_PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


def environment(url: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """`inherited`, with clients pointed at the proxy at `url` (no trailing slash).

    Where a forward proxy is set for plain HTTP, this host is exempt from it:
    otherwise clients would ask that one for 127.0.0.1.
    """
    variables = {**inherited, **{name: url + path for name, path in BASE_URLS.items()}}
    if any(inherited.get(name) for name in _PROXIES):
        exempt = [inherited[name] for name in ("no_proxy", "NO_PROXY") if inherited.get(name)][:1]
        variables["no_proxy"] = variables["NO_PROXY"] = ",".join([*exempt, "127.0.0.1"])
    return variables


def arguments(command: Sequence[str], url: str) -> list[str]:
    """`command`, with what known clients need besides the environment.

    Codex reads no variable for its address: it takes a setting, as a TOML value.
    """
    program, *rest = command
    if PurePath(program).name == "codex":
        return [program, "-c", f'openai_base_url="{url}/openai/v1"', *rest]
    return [program, *rest]
