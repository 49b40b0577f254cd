"""A request's body is let go of once it has been sent: a stream may live for hours after it."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterable
from pathlib import Path
from typing import ClassVar

import pytest
import trio
from support.proxy import Proxy
from support.seeds import over_seeds
from support.tracing import ASKED, open_traced
from support.visits import Visit

from trioproxy.lab.answers import message
from trioproxy.lab.source import ScriptedSource
from trioproxy.model import Plan
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.base import Answer, Progress


class Body(bytes):
    """Bytes that can be missed."""

    alive: ClassVar[set[int]] = set()

    def __new__(cls, data: bytes) -> Body:
        made = super().__new__(cls, data)
        cls.alive.add(id(made))
        return made

    def __del__(self) -> None:
        self.alive.discard(id(self))


class Forgetful:
    """A source that keeps nothing of what it has sent, as a real one does not; its head takes 10 s."""

    def __init__(self, inner: ScriptedSource) -> None:
        self.inner = inner
        self.sent: list[bytes] = []

    def open(self, plan: Plan, progress: Progress) -> Sending:
        return Sending(self, plan, progress)


class Sending:
    def __init__(self, source: Forgetful, plan: Plan, progress: Progress) -> None:
        self._source = source
        self._plan: Plan | None = plan
        self._progress = progress

    async def __aenter__(self) -> Answer:
        plan, self._plan = self._plan, None
        assert plan is not None
        await self._progress.permission()
        self._progress.enter(Phase.SENDING)
        await self._send(plan.body)
        bare = Plan(plan.method, plan.base_url, plan.target, (), None)
        del plan
        self._answer = self._source.inner.open(bare, self._progress)
        return await self._answer.__aenter__()

    async def __aexit__(self, *exc: object) -> None:
        await self._answer.__aexit__(*exc)  # type: ignore[arg-type]

    async def _send(self, body: bytes | AsyncIterable[bytes] | None) -> None:
        assert body is not None
        if isinstance(body, bytes):
            self._source.sent.append(bytes(memoryview(body)))
        else:
            async for piece in body:
                self._source.sent.append(bytes(memoryview(piece)))
                del piece


@pytest.mark.parametrize("path", ["/v1/messages", "/openai/v1/chat/completions", "/v1/files"])
@pytest.mark.parametrize(("pieces", "traced"), [(1, False), (3, False), (1, True)])
def test_nobody_keeps_a_body_that_was_sent(path: str, pieces: int, traced: bool, tmp_path: Path) -> None:
    async def story() -> None:
        made: list[Forgetful] = []

        def source(inner: ScriptedSource) -> Forgetful:
            made.append(Forgetful(inner))
            return made[0]

        proxy = Proxy(message("One.").script(head_after_s=10.0), source=source)
        body = [(0.1, Body(b"x" * 10_000)) for _ in range(pieces)]
        visit = Visit(path, body, headers=(ASKED,) if traced else ())
        del body
        held: list[int] = []

        async def look() -> None:
            for at_s in (0.05, 5.0):  # before the first piece was sent; while the head is waited for
                await trio.sleep_until(at_s)
                gc.collect()
                held.append(len(Body.alive))

        if traced:
            await open_traced(proxy, tmp_path, visit, acts=[look])
        else:
            await proxy.open(visit, acts=[look])
        assert visit.status == 200
        assert (visit.header(ASKED[0]) is not None) is traced
        assert b"".join(made[0].sent) == b"x" * 10_000 * pieces
        assert held == [pieces, 0]

    for _ in over_seeds(story, 5):
        pass
