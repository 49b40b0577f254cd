"""Which provider a path belongs to, and which path goes upstream.

The raw path decides, byte for byte: `%2F`, `//` and `..` are not touched
(RFC 9110, 4.2.3 leaves normalising to those who compare URIs; we only pass them on).

    /v1/*                                anthropic
    /api/oauth/*, /api/event_logging/*   anthropic, forwarded but not recorded
    /<provider>/v1/*, …/v1beta/*         that provider
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from trioproxy.errors import UnknownProvider, UnknownRoute
from trioproxy.settings import RESERVED_NAMES

DEFAULT_PROVIDER = "anthropic"
_UNRECORDED = (b"/api/oauth/", b"/api/event_logging/")
_VERSIONS = (b"v1", b"v1beta")


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes. `target` is the raw path that is appended to the provider's base URL."""

    provider: str
    target: bytes
    recorded: bool = True

    @property
    def path(self) -> str:
        """The target decoded, for rules and rows."""
        return unquote_to_bytes(self.target).decode("utf-8", "replace")


def route(raw_path: bytes, providers: Collection[str]) -> Route:
    """Find the provider for `raw_path` (no query).

    Example: `/groq/v1/models` goes to provider `groq` as `/v1/models`.

    Raises:
        UnknownProvider: the path names a provider that is not configured; the message lists those that are.
        UnknownRoute: the path has no such shape at all.
    """
    if raw_path.startswith(b"/v1/") or raw_path == b"/v1":
        return Route(DEFAULT_PROVIDER, raw_path)
    if raw_path.startswith(_UNRECORDED):
        return Route(DEFAULT_PROVIDER, raw_path, recorded=False)
    first, _, rest = raw_path.removeprefix(b"/").partition(b"/")
    name = first.decode("latin-1")
    if name and name not in RESERVED_NAMES and rest.partition(b"/")[0] in _VERSIONS:
        if name not in providers:
            known = ", ".join(sorted(providers))
            raise UnknownProvider(f"unknown provider {name!r}; the configured ones are: {known}")
        return Route(name, b"/" + rest)
    raise UnknownRoute(
        f"no route for {raw_path.decode('latin-1')!r}; provider routes are /v1/… (Anthropic) and /<provider>/v1/…"
    )
