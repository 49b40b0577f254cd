"""The wording of what is wrong: suggestions, and no secrets."""

from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.settings import load


def problem_of(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(text, "x.toml", {})
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nprot = 1", "server.prot: unknown key; did you mean server.port?"),
        ("[server]\nPORT = 1", "server.PORT: unknown key; did you mean server.port?"),
        ("[server]\nfirst_byte = 1", "server.first_byte: unknown key; did you mean timeouts.first_byte?"),
        ("port = 1", "port: unknown section; did you mean server.port?"),
        ("[timeout]", "timeout: unknown section; did you mean timeouts?"),
        ("[zzz]", "zzz: unknown section; expected one of: server, providers, timeouts, ledger"),
        ("[ledger]\nzzz = 1", "ledger.zzz: unknown key; expected one of: url, durability, prompt_preview"),
        ("[providers.openai]\nbaseurl = 'x'", "providers.openai.baseurl: unknown key; did you mean"),
        ("[disconnect]\npolicy = 'drain'", "disconnect: not in this version"),
        ("[routing]", "routing: not in this version"),
        ("[providers.openai]\non_disconnect = 'drain'", "providers.openai.on_disconnect: not in this version"),
        ("[server]\nhost = [1]", "server.host: got an array; expected text"),
        ("[server]\nhost = 1.5", "server.host: got 1.5; expected text"),
        ("[server]\nhost = true", "server.host: got true; expected text"),
    ],
)
def test_words(text: str, said: str):
    assert problem_of(text).startswith(f"x.toml: {said}")


@pytest.mark.parametrize("name", ["v1", "v1beta", "api", "dashboard", "_trioproxy", "Groq", "my llm", "a/b", "-a", "ü"])
def test_provider_names_refused(name: str):
    problem = problem_of(f"[providers.'{name}']\nbase_url = 'http://h'\ndialect = 'openai'")
    assert problem.startswith(f"x.toml: providers.{name}: ")
    assert "; expected lower-case letters, digits" in problem


def test_a_long_value_is_cut():
    problem = problem_of(f"[ledger]\nurl = '{'x' * 1000}'")
    assert len(problem) < 250
    assert "xxx…" in problem


def test_no_secret_is_repeated():
    problem = problem_of("[providers.openai]\nbase_url = 'https://me:geheim@h/v1'")
    assert "geheim" not in problem
    assert "https://me:***@h/v1" in problem
