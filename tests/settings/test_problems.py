"""The wording of what is wrong: suggestions, and no secrets."""

from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.settings import load
from trioproxy.settings.render import dotted


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
        (
            "[zzz]",
            (
                "zzz: unknown section; expected one of: server, providers, timeouts, disconnect, ledger, replay, "
                "trace, routing"
            ),
        ),
        ("[ledger]\nzzz = 1", "ledger.zzz: unknown key; expected one of: url, durability, prompt_preview"),
        ("[providers.openai]\nbaseurl = 'x'", "providers.openai.baseurl: unknown key; did you mean"),
        ("[disconect]", "disconect: unknown section; did you mean disconnect?"),
        ("[disconnect]\npolice = 'drain'", "disconnect.police: unknown key; did you mean disconnect.policy?"),
        ("[server]\nmax_detached = 1", "server.max_detached: unknown key; did you mean disconnect.max_detached?"),
        ("[replay]\nmax_entrys = 1", "replay.max_entrys: unknown key; did you mean replay.max_entries?"),
        ("[routing]\ncaching = true", "routing.caching: unknown key; did you mean routing.prompt_caching?"),
        ("[routing]\ngpt-5 = {}", "routing.gpt-5: unknown key; expected one of: enabled, cheap, mid, prompt_caching,"),
        ("[providers.openai]\nondisconnect = 'drain'", "providers.openai.ondisconnect: unknown key; did you mean"),
        (
            "[providers.openai]\non_disconnect = 'x'",
            'providers.openai.on_disconnect: got "x"; expected one of: abort, ',
        ),
        ("[disconnect]\nuntil = 'x'", 'disconnect.until: got "x"; expected one of: end, usage'),
        ("[replay]\njoin = true", "replay.join: got true; expected one of: resend, always, never"),
        ("[routing.table.gpt-5]\nzzz = 'x'", "routing.table.gpt-5.zzz: unknown key; expected one of: cheap, mid"),
        ("[routing]\ntable = 5", "routing.table: got 5; expected a table"),
        ("[routing.table]\ngpt-5 = 'x'", 'routing.table.gpt-5: got "x"; expected a table'),
        (
            "[routing.table.'a/b']\ncheep = 'x'",
            'routing.table."a/b".cheep: unknown key; did you mean routing.table."a/b".cheap?',
        ),
        (
            "[routing.table]\ngpt-4.1 = { mid = 'x' }",
            'routing.table.gpt-4.1: unknown key; a name with a dot stands in quotes: "gpt-4.1"',
        ),
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
    assert problem.startswith(f"x.toml: {dotted(('providers', name))}: ")
    assert "; expected lower-case letters, digits" in problem


def test_a_long_value_is_cut():
    problem = problem_of(f"[ledger]\nurl = '{'x' * 1000}'")
    assert len(problem) < 250
    assert "xxx…" in problem


def test_no_secret_is_repeated():
    problem = problem_of("[providers.openai]\nbase_url = 'https://me:geheim@h/v1'")
    assert "geheim" not in problem
    assert "https://me:***@h/v1" in problem
