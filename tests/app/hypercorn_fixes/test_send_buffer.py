"""The buffer between an application's `send` and an HTTP/2 window."""

from __future__ import annotations

import pytest
import trio
from hypercorn.trio.worker_context import WorkerContext
from trio.testing import MockClock

from trioproxy.app.hypercorn_fixes.patience import ClientGone, ClientStalled, Patience, set_stalled_client_timeout
from trioproxy.app.hypercorn_fixes.send_buffer import HIGH_WATER_BYTES, LOW_WATER_BYTES, SendBuffer


def buffer(*, window_open: bool = False) -> SendBuffer:
    set_stalled_client_timeout(10)
    return SendBuffer(Patience(WorkerContext(None), 5), lambda: window_open)


async def test_the_writer_waits_while_it_is_full_whatever_was_taken(autojump_clock: MockClock) -> None:
    full = buffer()
    done = trio.Event()

    async def write() -> None:
        await full.push(bytes(HIGH_WATER_BYTES))
        done.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write)
        await trio.sleep(1)
        for size in (0, 1, HIGH_WATER_BYTES - LOW_WATER_BYTES - 1):
            assert len(full.take(size)) == size
            await trio.sleep(1)
            assert not done.is_set()
        full.take(1)
        await trio.sleep(1)
        assert done.is_set()


async def test_below_the_mark_nobody_waits(autojump_clock: MockClock) -> None:
    with trio.fail_after(0):
        await buffer().push(bytes(HIGH_WATER_BYTES - 1))


async def test_a_closed_window_stalls(autojump_clock: MockClock) -> None:
    began = trio.current_time()
    with pytest.raises(ClientStalled):
        await buffer().push(bytes(HIGH_WATER_BYTES))
    assert trio.current_time() - began == 10


async def test_an_open_window_does_not_since_the_socket_is_what_is_slow(autojump_clock: MockClock) -> None:
    with trio.move_on_after(1000) as waiting:
        await buffer(window_open=True).push(bytes(HIGH_WATER_BYTES))
    assert waiting.cancelled_caught


async def test_nor_does_the_end_when_nothing_is_left_for_the_window(autojump_clock: MockClock) -> None:
    ending = buffer()
    ending.end()
    with trio.move_on_after(1000) as waiting:
        await ending.wait_over()
    assert waiting.cancelled_caught


async def test_bytes_taken_are_progress(autojump_clock: MockClock) -> None:
    slow = buffer()

    async def take() -> None:
        for _ in range(10):
            await trio.sleep(8)
            slow.take(1)

    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(take)
        with pytest.raises(ClientStalled):
            await slow.push(bytes(HIGH_WATER_BYTES))
    assert 80 < trio.current_time() - began <= 100


@pytest.mark.parametrize("method", ["drain", "wait_over"])
@pytest.mark.parametrize("stalled", [True, False])
async def test_everyone_who_waits_is_released(autojump_clock: MockClock, method: str, stalled: bool) -> None:
    held = buffer()
    await held.push(b"x")
    ended: list[str] = []

    async def wait() -> None:
        try:
            await getattr(held, method)()
        except ClientGone:
            ended.append("gone")
        except ClientStalled:
            ended.append("stalled")
        else:
            ended.append("over")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await trio.sleep(1)
        if stalled:
            held.stall()
        held.drop()
        held.stall()  # too late to change how it ended
    # Whoever waits for the end must learn that it was not written.
    assert ended == ["stalled" if stalled else "gone" if method == "wait_over" else "over"]
    assert not held.data
