"""What the variants call their upstream with. As httpx's client: an answer is open until somebody closes it.

    answer = await client.send(plan, progress)      # the head has come
    while chunk := await answer.receive(): ...
    await answer.close()

What nobody closes stays open: a pool keeps hold of it, so that no garbage collector tidies up. Once everybody has
looked, `bury` tidies up.
"""

# ruff: noqa: TID251 - one scope for each wait, as httpx's own timeouts are

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

import trio

from trioproxy.errors import TrioProxyError, UpstreamConnectFailed, UpstreamError, UpstreamTimeout
from trioproxy.model import Plan
from trioproxy.rules.lifecycle import Cause, Phase, cause_of
from trioproxy.sources.base import Answer, Progress, Source

_held: set[OpenAnswer] = set()


async def bury() -> None:
    """Close what the runs before have left open."""
    for answer in tuple(_held):
        await answer.close()


class Client:
    """One for all calls.

    Args:
        limits_s: the longest each phase may take without progress.
    """

    def __init__(self, source: Source, limits_s: Mapping[Phase, float]) -> None:
        self._source = source
        self._limits_s = limits_s

    async def send(self, plan: Plan, progress: Progress) -> OpenAnswer:
        """Connect, send the request, wait for the head.

        Raises:
            UpstreamError: there is none, or it takes too long; the connection is closed, as it is on cancellation.
        """
        pace = _Pace(progress, self._limits_s)
        opening = self._source.open(plan, pace)
        with pace.patience:
            answer = await opening.__aenter__()
            opened = OpenAnswer(answer, opening, pace)
            _held.add(opened)
            return opened
        raise pace.too_slow()


class OpenAnswer:
    """An answer whose head has come."""

    def __init__(self, answer: Answer, opening: AbstractAsyncContextManager[Answer], pace: _Pace) -> None:
        self.head = answer.head
        self._answer = answer
        self._opening = opening
        self._pace = pace

    async def receive(self) -> bytes:
        """The next bytes; `b""` once the body has ended as framed.

        Raises:
            UpstreamError: it broke off, or takes too long.
        """
        with self._pace.anew():
            return await self._answer.receive()
        raise self._pace.too_slow()

    async def close(self) -> None:
        """Close what is not finished, at once; harmless the second time."""
        if self in _held:
            _held.remove(self)
            await self._opening.__aexit__(None, None, None)


class _Pace:
    """Passes on progress, and moves the deadline of the wait under way."""

    def __init__(self, progress: Progress, limits_s: Mapping[Phase, float]) -> None:
        self.patience = trio.CancelScope()
        self._progress = progress
        self._limits_s = limits_s
        self._phase = Phase.CONNECTING

    def anew(self) -> trio.CancelScope:
        """For one more wait."""
        self.patience = trio.CancelScope()
        self._move()
        return self.patience

    def enter(self, phase: Phase) -> None:
        """See Progress.enter."""
        self._phase = phase
        self._move()
        self._progress.enter(phase)

    async def permission(self) -> None:
        """See Progress.permission."""
        await self._progress.permission()

    def _move(self) -> None:
        self.patience.deadline = trio.current_time() + self._limits_s.get(self._phase, math.inf)

    def too_slow(self) -> UpstreamError:
        """What is wrong if the current phase has taken too long."""
        kind = UpstreamConnectFailed if self._phase is Phase.CONNECTING else UpstreamTimeout
        return kind(f"the upstream was silent while {self._phase}")


def why(error: TrioProxyError) -> Cause:
    """The cause that an error out of `send` or `receive` is."""
    return Cause.UPSTREAM_SILENT if isinstance(error, UpstreamTimeout) else cause_of(error)
