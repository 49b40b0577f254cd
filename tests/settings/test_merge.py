"""The environment over the file: names, precedence, and who is to blame."""

from __future__ import annotations

from enum import Enum

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.model import Join, Policy, Until
from trioproxy.settings import Settings, load
from trioproxy.settings.merge import Merge


def problems_of(text: str | None, environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(text, "x.toml", environ)
    return caught.value.problems


def test_the_environment_wins_over_the_file():
    settings = load("[server]\nport = 1\nhost = 'h'", "x.toml", {"TRIOPROXY_SERVER__PORT": "2"})
    assert (settings.server.port, settings.server.host) == (2, "h")


def test_policies_and_switches_can_be_set():
    environ = {
        "TRIOPROXY_DISCONNECT__POLICY": "linger",
        "TRIOPROXY_DISCONNECT__UNTIL": "usage",
        "TRIOPROXY_PROVIDERS__ANTHROPIC__ON_DISCONNECT": "drain",
        "TRIOPROXY_PROVIDERS__OPENAI__INCLUDE_USAGE": "true",
        "TRIOPROXY_REPLAY__ENABLED": "false",
        "TRIOPROXY_REPLAY__JOIN": "never",
        "TRIOPROXY_ROUTING__PROMPT_CACHING": "yes",
    }
    settings = load("[disconnect]\npolicy = 'abort'\n[replay]\nsampled = true", "x.toml", environ)
    assert (settings.disconnect.policy, settings.disconnect.until) == (Policy.LINGER, Until.USAGE)
    assert settings.providers["anthropic"].on_disconnect is Policy.DRAIN
    assert settings.providers["openai"].include_usage is True
    assert (settings.replay.enabled, settings.replay.sampled, settings.replay.join) == (False, True, Join.NEVER)
    assert (settings.routing.enabled, settings.routing.prompt_caching) == (False, True)


def _unlike(default: object) -> object:
    """Another value that is right for a setting with this default."""
    match default:
        case bool():
            return not default
        case Enum():
            return list(type(default))[-1]
        case int() | float():
            return default + 1
    return "full" if default == "normal" else "sqlite:////another.db"


SCALARS = [
    (section, name, field.default)
    for section in ("timeouts", "disconnect", "ledger", "replay", "routing")
    for name, field in type(getattr(Settings(), section)).model_fields.items()
    if name != "table"
]


@pytest.mark.parametrize(("section", "name", "default"), SCALARS, ids=str)
def test_any_key_can_be_set(section: str, name: str, default: object):
    value = _unlike(default)
    settings = load(None, None, {f"TRIOPROXY_{section.upper()}__{name.upper()}": str(value)})
    assert getattr(getattr(settings, section), name) == value != default


def test_a_file_s_table_of_models_stays_where_variables_change_the_rest():
    text = "[routing.table]\n'gpt-4.1' = { cheap = 'gpt-4.1-nano' }"
    settings = load(text, "x.toml", {"TRIOPROXY_ROUTING__ENABLED": "1"})
    assert settings.routing.enabled
    assert settings.routing.table["gpt-4.1"].cheap == "gpt-4.1-nano"


def test_names_are_read_in_any_case():
    assert load(None, None, {"trioproxy_Server__port": "2"}).server.port == 2


def test_a_provider_can_live_in_the_environment_alone():
    environ = {
        "TRIOPROXY_PROVIDERS__MY_LLM__BASE_URL": "http://127.0.0.1:9000",
        "TRIOPROXY_PROVIDERS__MY_LLM__DIALECT": "openai",
    }
    assert load(None, None, environ).providers["my_llm"].base_url == "http://127.0.0.1:9000"


def test_an_underscore_stands_for_a_dash_that_the_file_has():
    text = "[providers.my-llm]\nbase_url = 'http://a'\ndialect = 'openai'"
    settings = load(text, "x.toml", {"TRIOPROXY_PROVIDERS__MY_LLM__BASE_URL": "http://b"})
    assert settings.providers["my-llm"].base_url == "http://b"
    assert "my_llm" not in settings.providers


def test_a_name_with_an_underscore_comes_before_one_with_a_dash():
    text = "".join(f"[providers.{name}]\nbase_url='http://a'\ndialect='openai'\n" for name in ("my-llm", "my_llm"))
    settings = load(text, "x.toml", {"TRIOPROXY_PROVIDERS__MY_LLM__BASE_URL": "http://b"})
    assert settings.providers["my-llm"].base_url == "http://a"
    assert settings.providers["my_llm"].base_url == "http://b"


@pytest.mark.parametrize(
    "environ",
    [
        {"TRIOPROXY_CONFIG": "elsewhere.toml", "TRIOPROXY_LOG": "debug"},
        {"TRIOPROXY_PORT": "tcp://10.0.0.1:8082", "TRIOPROXY_SERVER_PORT": "tcp://10.0.0.1:8082"},
        {"OTHER_SERVER__PORT": "1"},
        {"TRIOPROXY_SERVER__PORT": ""},
    ],
    ids=["ours", "container runtime", "another program", "empty"],
)
def test_variables_that_are_no_settings_are_left_alone(environ: dict[str, str]):
    assert load(None, None, environ) == Settings()


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("TRIOPROXY_SERVER__PROT", "server.prot: unknown key; did you mean server.port?"),
        ("TRIOPROXY_SEVRER__PORT", "sevrer: unknown section; did you mean server?"),
        ("TRIOPROXY_DISCONNECT__LIMIT", "disconnect.limit: unknown key; did you mean"),
        ("TRIOPROXY_ROUTING__TABLE", "routing.table: not from the environment; expected in the file: "),
        ("TRIOPROXY_ROUTING__TABLE__GPT_5__CHEAP", "routing.table: not from the environment; expected in the file: "),
        ("TRIOPROXY_SERVER__PORT__X", "names no key; expected TRIOPROXY_<SECTION>__<KEY>"),
        ("TRIOPROXY_SERVER__", "names no key; expected TRIOPROXY_<SECTION>__<KEY>"),
        ("TRIOPROXY_PROVIDERS__GROQ", "names no key; expected TRIOPROXY_<SECTION>__<KEY>"),
    ],
)
def test_a_variable_that_names_no_key_is_an_error(variable: str, said: str):
    (problem,) = problems_of(None, {variable: "x"})
    assert problem.startswith(f"environment variable {variable}: {said}")


def test_two_variables_for_one_key():
    problems = problems_of(None, {"TRIOPROXY_SERVER__PORT": "1", "trioproxy_server__port": "2"})
    assert problems == [
        (
            "environment variable trioproxy_server__port: server.port: "
            "set twice, also by environment variable TRIOPROXY_SERVER__PORT"
        )
    ]


def test_a_missing_key_is_charged_to_where_its_table_is():
    (problem,) = problems_of("[providers.a]\ndialect = 'openai'", {"TRIOPROXY_PROVIDERS__B__BASE_URL": "http://b"})[:1]
    assert problem.startswith("x.toml: providers.a.base_url: missing; expected an http")
    problems = problems_of(None, {"TRIOPROXY_PROVIDERS__B__BASE_URL": "http://b"})
    assert problems == [
        (
            "environment variable TRIOPROXY_PROVIDERS__B__BASE_URL: "
            "providers.b.dialect: missing; expected one of: anthropic, openai"
        )
    ]


@pytest.mark.parametrize("text", ["server = 5", "providers = 5", "providers.a = 5"])
def test_something_else_where_a_table_belongs(text: str):
    environ = {"TRIOPROXY_SERVER__PORT": "1", "TRIOPROXY_PROVIDERS__A__BASE_URL": "http://a"}
    problem = next(problem for problem in problems_of(text, environ) if "expected a table" in problem)
    assert problem == f"x.toml: {text.split(' ')[0]}: got 5; expected a table"


def test_what_no_source_knows_is_charged_to_the_file():
    assert Merge({}, "x.toml").origin(("server", "port")) == "x.toml"
