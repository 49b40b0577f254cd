"""Events become rows, in their order."""

from __future__ import annotations

import pytest
from support.lab_results import leaving

from trioproxy.lab.report.timeline import (
    MOST_ROWS,
    Burst,
    Cut,
    Moment,
    decimals,
    entries,
    label,
    notices,
    places,
)
from trioproxy.trace.records import Event, Lane, What


def _event(at_s: float, lane: Lane = Lane.CLIENT, what: What = What.BYTES, **more: object) -> Event:
    return Event(run="1", at_s=at_s, lane=lane, what=what, **more)  # type: ignore[arg-type]


def test_every_lane_is_there_and_each_client_has_its_own() -> None:
    assert places([]) == [(lane, 0) for lane in Lane]
    assert places([_event(0.0, who=1), _event(0.0, who=0)])[:3] == [(Lane.CLIENT, 0), (Lane.CLIENT, 1), (Lane.SEAT, 0)]
    assert places([_event(0.0, who=2)])[0] == (Lane.CLIENT, 2)


def test_many_chunks_in_a_row_are_one_row() -> None:
    few = [_event(at) for at in range(4)]
    many = [_event(at, lane, size_bytes=10) for at in range(3) for lane in (Lane.UPSTREAM, Lane.CLIENT)]
    end = _event(9.0, what=What.END)

    assert entries([*few, end]) == [*map(Moment, few), Moment(end)]
    assert entries([end, *many, end]) == [Moment(end), Burst(tuple(many)), Moment(end)]
    assert Burst(tuple(many)).sums() == [((Lane.CLIENT, 0), 3, 30), ((Lane.UPSTREAM, 0), 3, 30)]
    assert Burst(tuple(many)).at_s == 0


def test_a_long_timeline_is_cut_in_its_middle() -> None:
    long = [_event(float(at), what=What.PHASE) for at in range(MOST_ROWS + 10)]
    rows = entries(long)

    assert len(rows) == MOST_ROWS + 1
    assert rows[MOST_ROWS // 2] == Cut(10, MOST_ROWS / 2)
    assert [rows[0], rows[-1]] == [Moment(long[0]), Moment(long[-1])]


def test_leaving_is_tied_to_the_upstreams_learning_of_it() -> None:
    (told,) = notices(leaving("1", "RST", 2.1))
    (never,) = notices(leaving("1", "FIN", None))
    (other,) = notices([_event(0.0, what=What.LEFT, who=1)])

    assert told.said() == "The client left (RST); the upstream was told 2.10 ms later."
    assert never.said() == "The client left (FIN); nothing here says that the upstream was told."
    assert other.said() == "Client 1 left; nothing here says that the upstream was told."


def test_where_no_peer_says_that_it_was_told_the_proxy_says_that_it_closed() -> None:
    left, told = _event(1.0, what=What.LEFT), _event(1.5, Lane.UPSTREAM, What.TOLD)
    closed, before = _event(1.25, Lane.UPSTREAM, What.CLOSED), _event(0.5, Lane.UPSTREAM, What.CLOSED)

    assert [notice.said() for notice in notices([before, left, closed])] == [
        "The client left; the upstream's connection was closed 250 ms later."
    ]
    assert notices([left, closed, told])[0].told == told
    assert notices([before, left])[0].told is None


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (_event(0.0, Lane.PUMP, What.PHASE, note="streaming"), "streaming"),
        (_event(0.0, Lane.PUMP, What.PHASE), "phase"),
        (_event(0.0, size_bytes=2048), "bytes 2.00 KiB"),
        (_event(0.0, what=What.LEFT, note="FIN"), "left: FIN"),
    ],
)
def test_an_event_says_what_it_was(event: Event, said: str) -> None:
    assert label(event) == said


@pytest.mark.parametrize(
    ("times", "digits"),
    [([0.0, 1.0], 3), ([0.0, 0.0004], 4), ([0.1, 0.10002], 5), ([0.0, 2e-6], 6), ([1.0, 1.0 + 1e-12], 3), ([], 3)],
)
def test_times_are_told_apart(times: list[float], digits: int) -> None:
    assert decimals([_event(at) for at in times]) == digits
