"""An upstream that waits for whoever reads it."""

from __future__ import annotations

import trio

from trioproxy.lab.compare.window import WindowedSource
from trioproxy.lab.script import Chunk, End, Head, Script
from trioproxy.lab.source import ScriptedSource
from trioproxy.model import Plan
from trioproxy.rules.lifecycle import Phase

PLAN = Plan("POST", "http://upstream", b"/", (), None)
SCRIPT = Script.of(Head(), *(Chunk(b"x") for _ in range(6)), End())


class Anybody:
    def enter(self, phase: Phase) -> None:
        """It does not matter."""

    async def permission(self) -> None:
        await trio.lowlevel.checkpoint()


async def times(pauses_at: int | None, pause_s: float) -> list[float]:
    """When each chunk came to a reader that pauses before one of them."""
    found = []
    async with WindowedSource(ScriptedSource(SCRIPT), 1.0, 2).open(PLAN, Anybody()) as answer:
        while await answer.receive():
            found.append(trio.current_time())
            if len(found) == pauses_at:
                await trio.sleep(pause_s)
    return found


async def test_who_reads_at_once_gets_an_event_a_second(autojump_clock: trio.testing.MockClock) -> None:
    assert await times(None, 0) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


async def test_what_fits_into_the_window_has_come_meanwhile(autojump_clock: trio.testing.MockClock) -> None:
    assert await times(2, 2.0) == [1.0, 2.0, 4.0, 4.0, 5.0, 6.0]


async def test_beyond_the_window_the_upstream_waits(autojump_clock: trio.testing.MockClock) -> None:
    assert await times(2, 10.0) == [1.0, 2.0, 12.0, 12.0, 13.0, 14.0]
