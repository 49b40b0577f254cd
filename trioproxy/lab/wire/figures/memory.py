"""The memory of a waiting stream: how the resident memory of a proxy's processes grows with streams that only wait.

The slope of memory over the number of streams, by least squares, after the proxy has been warmed up.
"""

# Waiting for a heap to come to rest.

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AsyncExitStack

import trio

from trioproxy.lab.answers import message_stream
from trioproxy.lab.measures import Number
from trioproxy.lab.script import Script, Silence
from trioproxy.lab.statistics import UNKNOWN, Interval, student_t
from trioproxy.lab.wire.child import Child
from trioproxy.lab.wire.figures.crowd import Entrance, crowd, streaming, until_each
from trioproxy.trace.records import Figure

WARM_STREAMS = 50
BATCHES, BATCH_STREAMS = 5, 40
QUICK_BATCHES, QUICK_BATCH_STREAMS = 3, 20
SETTLE_S = 0.3
# (streams, bytes)
Point = tuple[int, int]


def waiting() -> Script:
    """The first events of an answer, then nothing."""
    return message_stream("Let me think about that.").up_to(6).script(then=Silence())


async def measure(entrance: Entrance, child: Child, *, quick: bool) -> list[Point]:
    """Resident memory at each number of streams; numbers are of those that really stream."""
    batches, size = (QUICK_BATCHES, QUICK_BATCH_STREAMS) if quick else (BATCHES, BATCH_STREAMS)
    entrance.stage.script = waiting()
    async with crowd(entrance, WARM_STREAMS) as guests:
        await until_each(guests, lambda visit: visit.size_bytes > 0)
    await trio.sleep(SETTLE_S)
    points = [(0, child.rss_bytes())]
    async with AsyncExitStack() as stack:
        open_now = []
        for _ in range(batches):
            guests = await stack.enter_async_context(crowd(entrance, size))
            await until_each(guests, lambda visit: visit.size_bytes > 0)
            await trio.sleep(SETTLE_S)
            open_now += guests
            points.append((sum(map(streaming, open_now)), child.rss_bytes()))
    return points


def figures(subject: str, points: Sequence[Point]) -> list[Figure]:
    """The slope, with Student's interval."""
    name = str(Number.MEMORY)
    if len(points) < 3 or points[-1][0] == points[0][0]:
        return [Figure(subject=subject, name=name, value=None, unit="B", note="streams did not stay open")]
    value, (low, high) = slope(points)
    streams = points[-1][0]
    note = (
        f"growth of all its processes to {streams} streams that wait, by least squares, Student's interval; "
        f"{points[0][1] / 1e6:.0f} MB without any"
    )
    return [Figure(subject=subject, name=name, value=value, unit="B", low=low, high=high, n=streams, note=note)]


def slope(points: Sequence[Point]) -> tuple[float, Interval]:
    """Bytes a stream, and where that lies."""
    count = len(points)
    mean_x, mean_y = (math.fsum(each) / count for each in zip(*points, strict=True))
    spread = math.fsum((x - mean_x) ** 2 for x, _ in points)
    value = math.fsum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    if count < 3:
        return value, UNKNOWN
    rest = math.fsum((y - mean_y - value * (x - mean_x)) ** 2 for x, y in points)
    reach = student_t(count - 2) * math.sqrt(rest / (count - 2) / spread)
    return value, Interval(value - reach, value + reach)
