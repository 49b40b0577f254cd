"""The latency that a proxy adds to each chunk of a paced stream.

The upstream writes the time of its writing into each event, right before it is written; the client notes when the bytes
have come. Both read one clock in one process. What that process takes itself is measured without a proxy, the same way,
and subtracted.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from itertools import accumulate

from trioproxy.lab.answers import message_stream
from trioproxy.lab.guest import Visit
from trioproxy.lab.measures import Number
from trioproxy.lab.script import Chunk, End, Head, Script
from trioproxy.lab.statistics import quantile, quantile_interval
from trioproxy.lab.wire.figures.crowd import Entrance, crowd, until_each
from trioproxy.lab.wire.target import Protocol
from trioproxy.trace.records import Figure, What

EVERY_S = 0.02
STREAMS = 4
CHUNKS = 250
QUICK_CHUNKS = 50
# The first chunks find everything cold.
LEFT_OUT = 5
QUANTILES = (("median", 0.5), ("p99", 0.99))
_STAMP = re.compile(rb"@(\d+\.\d+)@")
_DELTA = message_stream("%b ").parts[3]


class Stamp(Chunk):
    """A chunk that says when it is sent: whoever asks for its bytes is about to write them."""

    def __init__(self) -> None:
        """There is nothing to be told beforehand."""

    @property
    def data(self) -> bytes:
        """An event with the time in it."""
        return _DELTA % (b"@%.7f@ " % time.monotonic())


def paced(chunks: int) -> Script:
    """A stream of stamps, one each `EVERY_S`."""
    answer = message_stream("")
    opening, closing = answer.parts[:3], answer.parts[3:]
    stamps = [word for _ in range(chunks) for word in (EVERY_S, Stamp())]
    return Script.of(Head(answer.status, answer.headers), *map(Chunk, opening), *stamps, *map(Chunk, closing), End())


async def measure(entrance: Entrance, *, quick: bool) -> list[float]:
    """How late each chunk came, in ms; of several streams at once, which are not in step."""
    chunks = QUICK_CHUNKS if quick else CHUNKS
    entrance.stage.script = paced(chunks)
    async with crowd(entrance, STREAMS, every_s=EVERY_S / STREAMS) as guests:
        await until_each(guests, lambda visit: visit.ending is not None, 2 * chunks * EVERY_S + 10)
        return [late for guest in guests for late in lateness_ms(guest.visit)[LEFT_OUT:]]


def lateness_ms(visit: Visit) -> list[float]:
    """How long after its writing each stamp in the answer had come, in ms."""
    pieces = [mark for mark in visit.marks if mark.what is What.BYTES]
    ends = list(accumulate(piece.size_bytes for piece in pieces))
    found, at = [], 0
    for stamp in _STAMP.finditer(visit.body):
        while ends[at] < stamp.end():
            at += 1
        found.append((pieces[at].at_s - float(stamp[1])) * 1000)
    return found


def figures(
    subject: str, late_ms: Sequence[float], floor_ms: Sequence[float] | None, *, protocol: Protocol
) -> list[Figure]:
    """Median and p99. Without a floor they are the floor: what the harness takes without a proxy over that protocol.

    Each quantile's interval is between order statistics; that of a difference is from one's low to the other's high and
    the other way round, and holds with about 95 % (90 % for certain), as far as the chunks are independent draws.
    """
    return [_figure(subject, name, q, late_ms, floor_ms, protocol) for name, q in QUANTILES]


def _figure(
    subject: str,
    name: str,
    q: float,
    late_ms: Sequence[float],
    floor_ms: Sequence[float] | None,
    protocol: Protocol,
) -> Figure:
    title = f"{Number.ADDED_LATENCY}, {name}"
    if floor_ms is None and protocol != "h1":
        # There are several floors.
        title += f", {protocol}"
    if not late_ms or (floor_ms is not None and not floor_ms):
        return Figure(subject=subject, name=title, value=None, unit="ms", note="no paced stream came through")
    value, (low, high) = quantile(late_ms, q), quantile_interval(late_ms, q)
    pace = f"{protocol}, {STREAMS} streams, a chunk each {EVERY_S * 1000:g} ms"
    if floor_ms is None:
        note = f"the harness's own, without a proxy, which is subtracted from the others; {pace}"
        return Figure(
            subject=subject, name=title, value=value, unit="ms", low=low, high=high, n=len(late_ms), note=note
        )
    floor, (floor_low, floor_high) = quantile(floor_ms, q), quantile_interval(floor_ms, q)
    return Figure(
        subject=subject,
        name=title,
        value=value - floor,
        unit="ms",
        low=None if low is None or floor_high is None else low - floor_high,
        high=None if high is None or floor_low is None else high - floor_low,
        n=len(late_ms),
        note=f"{value:.3f} ms less the floor of {floor:.3f} ms; {pace}; order statistics",
    )
