from __future__ import annotations

import trio

from trioproxy.lab.explore.clock import VirtualClock


def test_time_passes_at_once_while_everybody_waits() -> None:
    clock = VirtualClock()

    async def main() -> list[float]:
        times = []
        async with trio.open_nursery() as nursery:

            async def sleeper(seconds: float) -> None:
                await trio.sleep(seconds)
                times.append(trio.current_time())

            nursery.start_soon(sleeper, 2_000_000.5)
            nursery.start_soon(sleeper, 1.25)
            await trio.lowlevel.checkpoint()
            times.append(trio.current_time())
        return times

    assert trio.run(main, clock=clock) == [0.0, 1.25, 2_000_000.5]


def test_it_can_be_set_back() -> None:
    clock = VirtualClock()

    async def main() -> list[float]:
        times = []
        for _ in range(2):
            clock.set_back()
            await trio.sleep(3)
            times.append(trio.current_time())
        return times

    assert trio.run(main, clock=clock) == [3.0, 3.0]
