"""The defaults are those that the documentation promises, and nobody can change them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from trioproxy.model import Dialect
from trioproxy.settings import BUILT_IN_PROVIDERS, ProviderSettings, Settings, load

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_runs_with_no_file_at_all():
    settings = Settings()
    assert settings == load(None, None, {})
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8082)
    assert settings.server.max_request_bytes == 32 * 1024 * 1024
    assert settings.timeouts.first_byte == 600.0
    assert settings.ledger.durability == "normal"
    assert settings.ledger.prompt_preview == 0


def test_anthropic_is_the_one_provider_that_does_not_speak_openai():
    assert {name for name, each in BUILT_IN_PROVIDERS.items() if each.dialect is not Dialect.OPENAI} == {"anthropic"}


@pytest.mark.parametrize("name", BUILT_IN_PROVIDERS)
def test_built_in_providers_satisfy_the_rules_for_configured_ones(name: str):
    provider = BUILT_IN_PROVIDERS[name]
    text = f'[providers.{name}]\nbase_url = "{provider.base_url}"\ndialect = "{provider.dialect}"\n'
    assert load(text, "x.toml", {}).providers == BUILT_IN_PROVIDERS


def test_settings_are_frozen():
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.server.port = 1
    with pytest.raises(TypeError):
        settings.providers["other"] = settings.providers["openai"]  # type: ignore[index]


def test_a_provider_can_be_made_in_code():
    provider = ProviderSettings(base_url="http://127.0.0.1:9/", dialect=Dialect.OPENAI)
    assert provider.base_url == "http://127.0.0.1:9"
    assert provider.ca_file is None
