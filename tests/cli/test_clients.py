"""What clients find in their environment and on their command line."""

from __future__ import annotations

import pytest

from trioproxy.cli.clients import BASE_URLS, arguments, environment
from trioproxy.rules.routes import route
from trioproxy.settings import BUILT_IN_PROVIDERS

URL = "http://127.0.0.1:41234"


def test_the_variables_of_the_two_big_ones():
    variables = environment(URL, {})
    assert variables["ANTHROPIC_BASE_URL"] == URL
    assert variables["OPENAI_BASE_URL"] == f"{URL}/openai/v1"


@pytest.mark.parametrize(("name", "path"), BASE_URLS.items())
def test_every_variable_leads_to_a_route_of_its_provider(name: str, path: str):
    # A client appends what its base URL lacks: /v1/…, or only what comes after it.
    target = path if path.endswith("/v1") else path + "/v1"
    provider = name.split("_")[0].lower()
    assert route(f"{target}/models".encode(), BUILT_IN_PROVIDERS).provider == provider


def test_what_was_there_is_replaced_or_kept():
    variables = environment(URL, {"PATH": "/bin", "ANTHROPIC_BASE_URL": "https://elsewhere.example"})
    assert (variables["PATH"], variables["ANTHROPIC_BASE_URL"]) == ("/bin", URL)
    assert "NO_PROXY" not in variables


@pytest.mark.parametrize(
    ("given", "exempt"),
    [
        ({"HTTP_PROXY": "http://proxy:3128"}, "127.0.0.1"),
        ({"http_proxy": "http://proxy:3128", "no_proxy": ".lan"}, ".lan,127.0.0.1"),
        ({"ALL_PROXY": "http://proxy:3128", "no_proxy": "a", "NO_PROXY": "b"}, "a,127.0.0.1"),
    ],
)
def test_a_forward_proxy_is_not_asked_for_this_host(given: dict[str, str], exempt: str):
    variables = environment(URL, given)
    assert (variables["no_proxy"], variables["NO_PROXY"]) == (exempt, exempt)


def test_codex_is_told_by_an_argument():
    setting = f'openai_base_url="{URL}/openai/v1"'
    assert arguments(["/usr/bin/codex", "exec", "hi"], URL) == ["/usr/bin/codex", "-c", setting, "exec", "hi"]


@pytest.mark.parametrize("command", [["claude", "-p", "hi"], ["python", "codex"]])
def test_others_are_left_alone(command: list[str]):
    assert arguments(command, URL) == command
