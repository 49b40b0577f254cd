from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.errors import ClientError, UnknownProvider, UnknownRoute
from trioproxy.rules.routes import Route, route
from trioproxy.settings import RESERVED_NAMES

PROVIDERS = ("anthropic", "groq", "openai", "my.own-1")


@pytest.mark.parametrize(
    ("raw_path", "expected"),
    [
        (b"/v1/messages", Route("anthropic", b"/v1/messages")),
        (b"/v1", Route("anthropic", b"/v1")),
        (b"/v1/", Route("anthropic", b"/v1/")),
        (b"/api/oauth/usage", Route("anthropic", b"/api/oauth/usage", recorded=False)),
        (b"/api/event_logging/batch", Route("anthropic", b"/api/event_logging/batch", recorded=False)),
        (b"/anthropic/v1/messages", Route("anthropic", b"/v1/messages")),
        (b"/openai/v1/chat/completions", Route("openai", b"/v1/chat/completions")),
        (b"/openai/v1", Route("openai", b"/v1")),
        (b"/groq/v1beta/models/x:generate", Route("groq", b"/v1beta/models/x:generate")),
        (b"/my.own-1/v1/models", Route("my.own-1", b"/v1/models")),
        # The rest of the path is nobody's business here.
        (b"/openai/v1//a/../b/%2Fc/", Route("openai", b"/v1//a/../b/%2Fc/")),
        (b"/v1//x", Route("anthropic", b"/v1//x")),
    ],
)
def test_routes(raw_path: bytes, expected: Route) -> None:
    assert route(raw_path, PROVIDERS) == expected


@pytest.mark.parametrize("raw_path", [b"/acme/v1/models", b"/acme/v1", b"/OpenAI/v1/models", b"/%6Fpenai/v1/x"])
def test_an_unknown_provider_is_told_the_known_ones(raw_path: bytes) -> None:
    with pytest.raises(UnknownProvider) as caught:
        route(raw_path, PROVIDERS)
    assert (caught.value.status, caught.value.code) == (404, "unknown_provider")
    assert "anthropic, groq, my.own-1, openai" in str(caught.value)
    assert repr(raw_path.split(b"/")[1].decode()) in str(caught.value)


@pytest.mark.parametrize(
    "raw_path",
    [
        b"",
        b"/",
        b"//v1/messages",
        b"/v1beta/models",
        b"/v1x/models",
        b"/api/other",
        b"/api/oauth",
        b"/api/v1/x",
        b"/dashboard/v1/x",
        b"/_trioproxy/v1/x",
        b"/openai",
        b"/openai/",
        b"/openai/v2/models",
        b"/openai/v10/models",
        b"/openai//v1/models",
        b"*",
    ],
)
def test_paths_that_are_none_of_ours(raw_path: bytes) -> None:
    with pytest.raises(UnknownRoute) as caught:
        route(raw_path, PROVIDERS)
    assert (caught.value.status, caught.value.code) == (404, "not_found")


def test_the_path_is_the_target_decoded() -> None:
    assert Route("openai", b"/v1/a%2Fb%20c").path == "/v1/a/b c"
    assert Route("openai", b"/v1/%ff").path == "/v1/\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES - {"v1"}))  # /v1/… is a route of its own
def test_what_no_provider_can_be_named_is_never_taken_for_one(name: str) -> None:
    with pytest.raises(UnknownRoute):
        route(f"/{name}/v1/models".encode(), [*PROVIDERS, name])


@given(st.binary(max_size=40).map(lambda tail: b"/" + tail) | st.binary(max_size=8))
def test_any_bytes_are_routed_or_refused_and_the_target_is_their_end(raw_path: bytes) -> None:
    try:
        found = route(raw_path, PROVIDERS)
    except ClientError as error:
        refused: ClientError | None = error
    else:
        refused = None
        assert raw_path in (found.target, b"/" + found.provider.encode() + found.target)
    assert refused is None or refused.status == 404
