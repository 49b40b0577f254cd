"""Fixtures for the app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from support.proxy import Proxy
from support.seeds import run_seeded
from support.tracing import ASKED, Play, Told, open_traced, told
from support.visits import Visit


@pytest.fixture(params=range(8))
def traced(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """The traces of some visits on the virtual clock, under several schedules."""

    def play(
        script: Any,
        *visits: Visit,
        acts: Callable[[Proxy], list[Callable[[], Awaitable[None]]]] = lambda _: [],
        trace: dict[str, Any] | None = None,
        **options: Any,
    ) -> list[Told]:
        async def story() -> None:
            proxy = Proxy(script, **options)
            await open_traced(proxy, tmp_path, *visits, acts=acts(proxy), **(trace or {}))
            for call in proxy.scripted.calls:
                assert ASKED[0] not in dict(call.plan.headers)

        run_seeded(request.param, story)
        return told(tmp_path)

    return play
