"""The latency of chunks: stamps are found in whatever pieces they come, and the floor is subtracted."""

from __future__ import annotations

import time

import msgspec
import pytest

from trioproxy.lab.guest import Visit
from trioproxy.lab.script import Chunk
from trioproxy.lab.wire.figures.latency import Stamp, figures, lateness_ms, paced


def seen(*pieces: tuple[float, bytes]) -> Visit:
    visit = Visit(0.0)
    for at_s, data in pieces:
        visit.has(data)
        visit.marks[-1] = msgspec.structs.replace(visit.marks[-1], at_s=at_s)
    return visit


def test_a_stamp_says_when_it_is_asked_for():
    stamp = Stamp()
    before = time.monotonic()
    said = float(stamp.data.split(b"@")[1])
    assert before - 1e-6 <= said <= time.monotonic() + 1e-6
    assert isinstance(stamp, Chunk)


def test_a_paced_stream_is_a_whole_answer():
    body = paced(3).body
    assert body.count(b"@") == 6
    assert b"message_stop" in body


def test_each_stamp_has_come_with_the_piece_that_ends_it():
    visit = seen((10.001, b"x @10.0"), (10.002, b"00@ y"), (10.010, b"@10.004@@10.008@"))
    assert lateness_ms(visit) == pytest.approx([2.0, 6.0, 2.0])


def test_without_a_floor_it_is_the_floor():
    median, p99 = figures("direct", [1.0] * 400, None, protocol="h1")
    assert (median.name, median.value, median.low, median.high) == ("added latency, median", 1.0, 1.0, 1.0)
    assert (p99.name, p99.value) == ("added latency, p99", 1.0)
    assert "subtracted from the others" in median.note


def test_the_floor_is_subtracted_with_its_own_interval():
    late_ms, floor_ms = [2.0 + number / 100 for number in range(100)], [number / 100 for number in range(100)]
    median, _ = figures("tiny", late_ms, floor_ms, protocol="h2")
    assert (median.name, median.note.split("; ")[1]) == (
        "added latency, median",
        "h2, 4 streams, a chunk each 20 ms",
    )
    assert median.value == pytest.approx(2.0)
    assert median.low is not None
    assert median.high is not None
    assert 1.7 < median.low < 2.0 < median.high < 2.3


def test_nothing_came():
    assert [figure.value for figure in figures("tiny", [], [1.0], protocol="h1")] == [None, None]
    assert [figure.value for figure in figures("tiny", [1.0], (), protocol="h1")] == [None, None]


def test_each_protocol_has_a_floor_of_its_own():
    assert [figure.name for figure in figures("direct", [1.0] * 400, None, protocol="h2c")] == [
        "added latency, median, h2c",
        "added latency, p99, h2c",
    ]
