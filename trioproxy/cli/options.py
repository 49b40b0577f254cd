"""Options that several commands share, and how they become settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from trioproxy.settings import Settings

ConfigFile = Annotated[
    str | None,
    Parameter(
        name="--config",
        help="Configuration file; else $TRIOPROXY_CONFIG, else ~/.config/trioproxy/config.toml, else defaults.",
    ),
]


def settings_from(config: str | None, options: Mapping[str, object] | None = None) -> Settings:
    """The effective configuration; `options` by dotted key, None where one was not given.

    Raises:
        ConfigurationError: all that is wrong with it.
    """
    from trioproxy.settings import resolve

    given = {key: value for key, value in (options or {}).items() if value is not None}
    return resolve(config, os.environ, exists=Path.exists, read=Path.read_bytes, options=given)
