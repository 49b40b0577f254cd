"""What goes wrong in noting stays there."""

from __future__ import annotations

import pytest
import trio

from trioproxy.trace.wall import Wall


def test_an_error_stays_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    wall = Wall("019b")
    with wall:
        pass
    assert not wall.broken
    for _ in range(2):
        with wall:
            raise MemoryError

    assert wall.broken
    [said] = caplog.records
    assert said.getMessage() == "[trace] 019b: a fault of ours in noting; it will have no trace"
    assert said.exc_info


async def test_a_cancellation_passes() -> None:
    wall = Wall("019b")
    with trio.CancelScope() as scope:
        scope.cancel()
        with wall:
            await trio.lowlevel.checkpoint()

    assert scope.cancelled_caught
    assert not wall.broken
