"""Waiting for a client: as long as it makes progress, and never past a shutdown's grace."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import trio
from hypercorn.trio.worker_context import WorkerContext
from trio.testing import MockClock

from trioproxy.app.hypercorn_fixes.patience import ClientStalled, Patience, set_stalled_client_timeout


@pytest.fixture(autouse=True)
def _ten_seconds() -> None:
    set_stalled_client_timeout(10)


def progress_until(moment: float) -> Callable[[], bool]:
    return lambda: trio.current_time() < moment


async def stalls_at(patience: Patience, progressed: Callable[[], bool], *, shield: bool = False) -> float:
    began = trio.current_time()
    with pytest.raises(ClientStalled):
        await patience.wait(trio.sleep_forever, progressed, shield=shield)
    return trio.current_time() - began


async def test_no_progress_at_all(autojump_clock: MockClock) -> None:
    assert await stalls_at(Patience(WorkerContext(None), 5), lambda: False) == 10


async def test_progress_restarts_the_limit(autojump_clock: MockClock) -> None:
    assert await stalls_at(Patience(WorkerContext(None), 5), progress_until(trio.current_time() + 35)) == 40


async def test_ready_in_time(autojump_clock: MockClock) -> None:
    patience = Patience(WorkerContext(None), 5)
    await patience.wait(partial(trio.sleep, 9), lambda: False)
    with pytest.raises(ClientStalled):
        await patience.wait(partial(trio.sleep, 11), lambda: False)
    with pytest.raises(ClientStalled):
        await patience.wait(partial(trio.sleep, 3), lambda: False, limit_s=2)


@pytest.mark.parametrize("moving", [True, False])
async def test_a_shutdown_pulls_a_wait_in(autojump_clock: MockClock, moving: bool) -> None:
    context = WorkerContext(None)
    patience = Patience(context, 5)

    async def shut_down() -> None:
        await trio.sleep(3)
        await context.terminated.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(shut_down)
        assert await stalls_at(patience, lambda: moving, shield=True) == 8
    assert await stalls_at(patience, lambda: moving) == 0


async def test_a_grace_longer_than_the_limit_does_not_stretch_it(autojump_clock: MockClock) -> None:
    context = WorkerContext(None)
    patience = Patience(context, 100)
    await context.terminated.set()
    assert await stalls_at(patience, lambda: False) == 10


@pytest.mark.parametrize("shield", [True, False])
async def test_cancellation(autojump_clock: MockClock, shield: bool) -> None:
    patience = Patience(WorkerContext(None), 5)
    finished = False
    with trio.move_on_after(1):
        await patience.wait(partial(trio.sleep, 2), lambda: False, shield=shield)
        finished = True
    assert finished is shield


async def test_another_exception_passes(autojump_clock: MockClock) -> None:
    async def fails() -> None:
        await trio.sleep(1)
        raise KeyError

    with pytest.raises(KeyError):
        await Patience(WorkerContext(None), 5).wait(fails, lambda: False)
