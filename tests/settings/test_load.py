"""A whole configuration: what a right one gives, and that a broken one is told everything at once."""

from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.model import Dialect
from trioproxy.settings import load

BROKEN = """
[server]
port = 70000
hots = "127.0.0.1"
certfile = "server.pem"

[providers.v1]
base_url = "https://api.example.com"
dialect = "openai"

[providers.mine]
base_url = "https://api.example.com/v1"
dialect = "gemini"

[timeouts]
read = -1

[replay]
join = "sometimes"
max_body_bytes = 67108865

[routing]
table.gpt-5.cheap = "gpt-5"
enable = true
"""


def problems_of(text: str | None, environ: dict[str, str] | None = None, name: str | None = "x.toml") -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(text, name, environ or {})
    return caught.value.problems


def test_three_lines_make_a_provider():
    settings = load('[providers.my-llm]\nbase_url = "https://llm.example.com/"\ndialect = "openai"', "x.toml", {})
    mine = settings.providers["my-llm"]
    assert (mine.base_url, mine.dialect) == ("https://llm.example.com", Dialect.OPENAI)
    assert "groq" in settings.providers


def test_a_built_in_provider_is_changed_key_by_key():
    settings = load('[providers.groq]\nca_file = "/ca.pem"', "x.toml", {})
    groq = settings.providers["groq"]
    assert (groq.base_url, groq.ca_file) == ("https://api.groq.com/openai", "/ca.pem")


def test_a_broken_configuration_is_told_everything_at_once():
    problems = problems_of(
        BROKEN, {"TRIOPROXY_LEDGER__DURABILITY": "maximal", "TRIOPROXY_TIMEOUTS__CONNECT": "soon", "HOME": "/h"}
    )
    assert sorted(problem.split("; ")[0].split(" (")[0] for problem in problems) == sorted(
        [
            "x.toml: server.certfile: given without server.keyfile",
            "x.toml: server.port: got 70000",
            "x.toml: server.hots: unknown key",
            "x.toml: providers.v1: the name is reserved: the proxy has routes of its own there",
            'x.toml: providers.mine.base_url: got "https://api.example.com/v1"',
            'x.toml: providers.mine.dialect: got "gemini"',
            "x.toml: timeouts.read: got -1",
            'environment variable TRIOPROXY_TIMEOUTS__CONNECT: timeouts.connect: got "soon"',
            'environment variable TRIOPROXY_LEDGER__DURABILITY: ledger.durability: got "maximal"',
            'x.toml: replay.join: got "sometimes"',
            "x.toml: replay.max_body_bytes: got 67108865",
            'x.toml: routing.table.gpt-5.cheap: got "gpt-5"',
            "x.toml: routing.enable: unknown key",
        ]
    )


def test_a_broken_file_does_not_hide_a_broken_environment():
    assert len(problems_of("[server\n", {"TRIOPROXY_SERVER__PORT": "x"})) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nport 8082\n", "x.toml: line 2, column 6: not valid TOML: Expected '='"),
        ("[server]\nhost = ", "x.toml: line 2, column 8: not valid TOML: Invalid value"),
        ("a = '''", "x.toml: line 1, column 8: not valid TOML: "),
        ("[server]\n[server]\n", "x.toml: line 2, column 8: not valid TOML: "),
        ("a = " + "[" * 100_000, "x.toml: not valid TOML: nested too deeply"),
    ],
)
def test_a_syntax_error_is_located(text: str, said: str):
    (problem,) = problems_of(text)
    assert problem.startswith(said)


def test_a_syntax_error_without_a_position_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch):
    import tomllib

    def other(_: str) -> None:
        raise tomllib.TOMLDecodeError("something else")

    monkeypatch.setattr(tomllib, "loads", other)
    assert problems_of("x") == ["x.toml: not valid TOML: something else"]


def test_a_key_without_its_certificate():
    (problem,) = problems_of(None, {"TRIOPROXY_SERVER__KEYFILE": "key.pem"}, None)
    assert problem == (
        "environment variable TRIOPROXY_SERVER__KEYFILE: server.keyfile: "
        "given without server.certfile; expected both or neither"
    )


def test_certificate_and_key_may_come_from_different_sources():
    settings = load('[server]\ncertfile = "~/c.pem"', "x.toml", {"TRIOPROXY_SERVER__KEYFILE": "k.pem", "HOME": "/h"})
    assert (settings.server.certfile, settings.server.keyfile) == ("/h/c.pem", "k.pem")


def test_options_win_over_the_environment():
    environ = {"TRIOPROXY_SERVER__PORT": "2", "TRIOPROXY_SERVER__HOST": "::1"}
    settings = load("[server]\nport = 1", "x.toml", environ, options={"server.port": 3})
    assert (settings.server.host, settings.server.port) == ("::1", 3)


def test_a_wrong_option_is_called_by_its_name():
    with pytest.raises(ConfigurationError) as caught:
        load(None, None, {}, options={"server.port": -1, "ledger.url": "ledger.db"})
    port, ledger = caught.value.problems
    assert port.startswith("option --port: server.port: got -1; expected a whole number")
    assert ledger.startswith('option --ledger: ledger.url: got "ledger.db"')
