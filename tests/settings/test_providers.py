"""The providers that are built in, and what a configured one can say."""

from __future__ import annotations

import pytest

from trioproxy.model import Dialect, Policy
from trioproxy.settings import BUILT_IN_PROVIDERS, ProviderSettings, load


def test_anthropic_is_the_one_provider_that_does_not_speak_openai():
    assert {name for name, each in BUILT_IN_PROVIDERS.items() if each.dialect is not Dialect.OPENAI} == {"anthropic"}


@pytest.mark.parametrize("name", BUILT_IN_PROVIDERS)
def test_built_in_providers_satisfy_the_rules_for_configured_ones(name: str):
    provider = BUILT_IN_PROVIDERS[name]
    text = f'[providers.{name}]\nbase_url = "{provider.base_url}"\ndialect = "{provider.dialect}"\n'
    assert load(text, "x.toml", {}).providers == BUILT_IN_PROVIDERS


def test_a_provider_can_be_made_in_code():
    provider = ProviderSettings(base_url="http://127.0.0.1:9/", dialect=Dialect.OPENAI)
    assert provider.base_url == "http://127.0.0.1:9"
    assert provider.ca_file is None
    assert provider.on_disconnect is None
    assert not provider.include_usage


def test_a_policy_of_its_own_is_one_provider_s_alone():
    settings = load("[disconnect]\npolicy = 'linger'\n[providers.anthropic]\non_disconnect = 'drain'", "x.toml", {})
    assert settings.disconnect.policy is Policy.LINGER
    own = {name: each.on_disconnect for name, each in settings.providers.items() if each.on_disconnect}
    assert own == {"anthropic": Policy.DRAIN}
