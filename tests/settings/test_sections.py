"""The defaults are those that the documentation promises, and nobody can change them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from trioproxy.model import Join, Policy, Until
from trioproxy.settings import DisconnectSettings, ReplaySettings, Settings, load


def test_runs_with_no_file_at_all():
    settings = Settings()
    assert settings == load(None, None, {})
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8082)
    assert settings.server.max_request_bytes == 32 * 1024 * 1024
    assert settings.timeouts.first_byte == 600.0
    assert settings.ledger.durability == "normal"
    assert settings.ledger.prompt_preview == 0
    assert settings.disconnect == DisconnectSettings(
        policy=Policy.ABORT, linger=10.0, drain_limit=300.0, until=Until.END, max_detached=32
    )
    assert settings.replay == ReplaySettings(
        enabled=True,
        window=5.0,
        window_tool_result=15.0,
        max_body_bytes=4 * 1024 * 1024,
        max_total_bytes=64 * 1024 * 1024,
        max_entries=500,
        join=Join.RESEND,
        sampled=False,
    )


def test_settings_are_frozen():
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.server.port = 1
    with pytest.raises(TypeError):
        settings.providers["other"] = settings.providers["openai"]  # type: ignore[index]
