"""A scripted upstream with the real proxy in front of it: what most tests over real sockets begin with.

async with proxied(tmp_path, message_stream("Hello.").script()) as (proxy, upstream):
    ... clients at proxy.url or proxy.port; upstream.requests; proxy.settled(1) ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from support.server import Mode, RunningProxy, running_proxy
from trioproxy.lab.script import Script
from trioproxy.lab.upstream import Choice, ScriptedUpstream


class Proxied(NamedTuple):
    proxy: RunningProxy
    upstream: ScriptedUpstream


@asynccontextmanager
async def proxied(
    tmp_path: Path,
    scripts: Choice,
    *,
    at_head: bool = False,
    mode: Mode = "serve",
    options: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    **settings: Mapping[str, Any],
) -> AsyncIterator[Proxied]:
    """The providers `anthropic` and `openai` are the upstream; `settings` are sections of the configuration."""
    async with ScriptedUpstream(scripts, at_head=at_head) as upstream:
        url = {"base_url": upstream.url}
        sections = {**settings, "providers": {"anthropic": url, "openai": url, **settings.get("providers", {})}}
        async with running_proxy(tmp_path, sections, mode=mode, options=options, env=env) as proxy:
            yield Proxied(proxy, upstream)


def by_target(scripts: Mapping[str, Script]) -> Choice:
    """Each request gets the script of its target, query and all."""
    return lambda received: scripts[received.target]
