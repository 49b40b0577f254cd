"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.cli.options import settings_from
from trioproxy.errors import ConfigurationError


def test_options_that_were_not_given_change_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TRIOPROXY_SERVER__PORT", "1")
    assert settings_from(None, {"server.port": None}).server.port == 1
    assert settings_from(None, {"server.port": 0}).server.port == 0


def test_the_file_is_read_from_the_disk(tmp_path: Path):
    (tmp_path / "a.toml").write_text("[server]\nport = 2")
    assert settings_from(str(tmp_path / "a.toml")).server.port == 2


@pytest.mark.parametrize("name", ["", "nowhere.toml"])
def test_what_is_not_a_file(name: str, tmp_path: Path):
    with pytest.raises(ConfigurationError, match="expected"):
        settings_from(str(tmp_path / name))
