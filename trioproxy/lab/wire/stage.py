"""The upstream that stands behind a target: one for all of its runs, with the script of the run that is on.

async with Stage.set_up(port) as stage:
    async with stage.playing(script) as number:      # the runs of one cell
        received = stage.found(number)               # the request that has this run's mark in it
"""

# A stage is a server that can be taken down and set up again; its tasks are its own.
# ruff: noqa: TID251

from __future__ import annotations

import itertools
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self

import trio

from trioproxy.lab.received import Received
from trioproxy.lab.script import Refuse, Script
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.lab.wire.stories import MARK_HEADER, mark

_NUMBERS = itertools.count(1)


class Stage:
    """A scripted upstream on one port, whatever it plays. Made by `set_up`."""

    def __init__(self, upstream: ScriptedUpstream, script: Script) -> None:
        self.upstream = upstream
        self.script = script

    @classmethod
    @asynccontextmanager
    async def set_up(cls, port: int, script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Self]:
        """Listen on `port` until the block is left; with `tls`, for clients that come without a proxy."""
        stage: Self | None = None

        def choose(_: Received) -> Script:
            assert stage is not None
            return stage.script

        async with ScriptedUpstream(choose, at_head=True, tls=tls, port=port) as upstream:
            stage = cls(upstream, script)
            yield stage

    @classmethod
    def nobody(cls, port: int) -> Self:
        """A stage on which nobody stands: whoever connects is refused."""
        return cls(ScriptedUpstream(Script.of(Refuse()), port=port), Script.of(Refuse()))

    def next_number(self) -> int:
        """The number of a new run, like no other of this process: a proxy may remember what it was asked before."""
        return next(_NUMBERS)

    def clear(self) -> None:
        """Forget what earlier runs have left; none may be on."""
        upstream = self.upstream
        upstream.requests.clear()
        upstream.connections[:] = upstream.open_connections
        for connection in upstream.connections:
            connection.requests.clear()

    def found(self, number: int) -> Received | None:
        """The request of run `number`, if it has come; the first, if it was sent again."""
        return next(iter(self.all_found(number)), None)

    def all_found(self, number: int) -> list[Received]:
        """Every request of run `number`."""
        wanted = mark(number)
        return [each for each in self.upstream.requests if wanted in each.body or each.header(MARK_HEADER) == wanted]

    async def until(self, fact: Callable[[], bool], within_s: float) -> bool:
        """Wait for `fact`, which is looked at after each thing that happens here; False if it did not come."""
        try:
            await self.upstream.wait_until(fact, "a fact", within_s)
        except TimeoutError:
            return False
        return True

    async def quiet(self, received: Callable[[], Received | None], for_s: float, within_s: float) -> bool:
        """Wait until nothing more of an answer is taken for a while: somebody on the way does not read."""
        with trio.move_on_after(within_s):
            before = -1
            while True:
                now = each.sent_bytes if (each := received()) is not None else 0
                if now == before:
                    return True
                before = now
                await trio.sleep(for_s)
        return False
