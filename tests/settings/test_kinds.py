"""Each kind of value: what it takes, and the words in which it refuses."""

from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.settings import load


def problem_of(key: str, value: str) -> str:
    section, _, name = key.rpartition(".")
    with pytest.raises(ConfigurationError) as caught:
        load(f"[{section}]\n{name} = {value}", "x.toml", {})
    (problem,) = caught.value.problems
    prefix = f"x.toml: {key}: "
    assert problem.startswith(prefix)
    return problem.removeprefix(prefix)


@pytest.mark.parametrize("value", ["-1", "65536", "80.5", '"http"', "true", "[1]", "nan"])
def test_ports(value: str):
    assert problem_of("server.port", value).endswith("; expected a whole number from 0 (any free port) to 65535")


@pytest.mark.parametrize("key", ["timeouts.read", "server.request_silence", "server.stalled_client_timeout"])
@pytest.mark.parametrize("value", ["0", "-0.1", "inf", "nan", "true", '"long"', "1979-05-27"])
def test_seconds(key: str, value: str):
    assert problem_of(key, value).endswith("; expected a number of seconds greater than 0")


def test_a_grace_of_no_seconds_is_a_grace():
    assert load("[server]\ngraceful_timeout = 0", "x", {}).server.graceful_timeout == 0
    assert problem_of("server.graceful_timeout", "-1") == "got -1; expected a number of seconds, at least 0"


def test_bytes_and_counts():
    assert problem_of("server.max_request_bytes", "0") == "got 0; expected a whole number of bytes, at least 1"
    assert problem_of("ledger.prompt_preview", "-1") == "got -1; expected a whole number, at least 0"


@pytest.mark.parametrize("value", ["2", '"maybe"', "[]", "1979-05-27"])
def test_switches(value: str):
    assert problem_of("replay.enabled", value).endswith("; expected true or false")


@pytest.mark.parametrize("word", ["true", "1", '"yes"', '"On"', '"1"', '"TRUE"'])
def test_switches_are_read_as_variables_spell_them(word: str):
    assert load(f"[replay]\nsampled = {word}", "x", {}).replay.sampled is True


def test_counts_from_one_and_seconds_from_zero():
    assert problem_of("replay.max_entries", "0") == "got 0; expected a whole number, at least 1"
    replay = load("[replay]\nwindow = 0\nwindow_tool_result = 0", "x", {}).replay
    assert replay.window == replay.window_tool_result == 0
    assert load("[disconnect]\nmax_detached = 0", "x", {}).disconnect.max_detached == 0
    for key in ("disconnect.linger", "disconnect.drain_limit"):
        assert problem_of(key, "0") == "got 0; expected a number of seconds greater than 0"


@pytest.mark.parametrize("value", ["", "gpt 5", "gpt-5\\n"])
def test_names_of_models(value: str):
    reason = "a name of a model is not empty and has no blanks"
    assert problem_of("routing.cheap", f'"{value}"') == f'got "{value}" ({reason}); expected the name of a model'
    assert problem_of("routing.mid", "5") == "got 5; expected the name of a model"


def test_text_and_files():
    assert problem_of("server.host", '""') == 'got ""; expected text that is not empty'
    assert problem_of("server.host", "{}") == "got a table; expected text that is not empty"
    assert problem_of("providers.openai.ca_file", '""') == 'got ""; expected the path of a PEM file'


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://api.example.com", "https://api.example.com"),
        ("https://api.example.com/", "https://api.example.com"),
        ("http://[::1]:8080/inference//", "http://[::1]:8080/inference"),
        ("http://10.0.0.1:1/v1x", "http://10.0.0.1:1/v1x"),
    ],
)
def test_base_urls(given: str, kept: str):
    assert load(f"[providers.openai]\nbase_url = '{given}'", "x", {}).providers["openai"].base_url == kept


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("api.example.com", "the scheme or the host is missing"),
        ("ftp://api.example.com", "the scheme or the host is missing"),
        ("https://", "the scheme or the host is missing"),
        ("https://h:port", "Port could not be cast"),
        ("https://[::1", "Invalid IPv6 URL"),
        ("https://h/?a=1", "a base URL has no query and no fragment"),
        ("https://h/#a", "a base URL has no query and no fragment"),
        ("https://h/a b", "a URL has no blanks and no characters outside ASCII"),
        ("https://h\\n", "a URL has no blanks and no characters outside ASCII"),
        ("https://bücher.example", "a URL has no blanks and no characters outside ASCII"),
        ("https://me:pw@h", "credentials go out in the client's own headers, never from here"),
        ("https://h/v1", "write it without /v1, the client's path brings that along: https://h)"),
        ("https://h/x/v1beta/", "write it without /v1beta, the client's path brings that along: https://h/x)"),
    ],
)
def test_base_urls_refused(value: str, reason: str):
    problem = problem_of("providers.openai.base_url", f'"{value}"')
    assert f"({reason}" in problem
    assert problem.endswith("; expected an http:// or https:// URL without /v1, such as https://api.example.com")


@pytest.mark.parametrize(
    "url", ["sqlite:///~/l.db", "sqlite:////var/l.db", "sqlite:///l#.db", "sqlite://", "sqlite:///:memory:", "memory:"]
)
def test_ledger_urls(url: str):
    assert load(f"[ledger]\nurl = '{url}'", "x", {}).ledger.url == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://h/db", "PostgreSQL is not in this version"),
        ("postgresql+psycopg://h/db", "PostgreSQL is not in this version"),
        ("/var/ledger.db", "not the URL of an SQLite file"),
        ("sqlite:///", "not the URL of an SQLite file"),
        ("sqlite:///folder/", "not the URL of an SQLite file"),
        ("sqlite:///l.db?mode=ro", "not the URL of an SQLite file"),
    ],
)
def test_ledger_urls_refused(url: str, reason: str):
    expected = "expected sqlite:///PATH (four slashes for an absolute path, ~ is expanded)"
    assert problem_of("ledger.url", f'"{url}"') == f'got "{url}" ({reason}); {expected}'


@pytest.mark.parametrize(("home", "kept"), [("/h", "/h/ca.pem"), ("", "~/ca.pem")])
def test_a_path_may_begin_at_home(home: str, kept: str):
    text = "[providers.openai]\nca_file = '~/ca.pem'"
    assert load(text, "x", {"HOME": home}).providers["openai"].ca_file == kept
