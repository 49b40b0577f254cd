"""The configuration: one TOML file and the environment, as frozen values.

    find_config ─▶ load ─▶ Settings ─▶ render
    which file     check,   what the     TOML again,
                   merge    rest reads   secrets masked

Attributes have the names of the TOML keys: `settings.server.port`. Every
problem is reported at once, each with its source, its key and what was
expected (`ConfigurationError.problems`). Nothing here reads a file or the
process's environment: the caller hands both in, and a check of PEM files.
"""

from __future__ import annotations

from trioproxy.settings.load import load
from trioproxy.settings.locate import find_config, resolve
from trioproxy.settings.merge import variables
from trioproxy.settings.pem import PemCheck, PemKey
from trioproxy.settings.providers import BUILT_IN_PROVIDERS, RESERVED_NAMES, ProviderSettings
from trioproxy.settings.render import mask, render
from trioproxy.settings.routing import RouteSettings, RoutingSettings
from trioproxy.settings.sections import (
    DisconnectSettings,
    LedgerSettings,
    ReplaySettings,
    ServerSettings,
    Settings,
    TimeoutSettings,
    TraceSettings,
)

__all__ = [
    "BUILT_IN_PROVIDERS",
    "RESERVED_NAMES",
    "DisconnectSettings",
    "LedgerSettings",
    "PemCheck",
    "PemKey",
    "ProviderSettings",
    "ReplaySettings",
    "RouteSettings",
    "RoutingSettings",
    "ServerSettings",
    "Settings",
    "TimeoutSettings",
    "TraceSettings",
    "find_config",
    "load",
    "mask",
    "render",
    "resolve",
    "variables",
]
