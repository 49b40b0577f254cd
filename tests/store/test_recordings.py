from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.model import Head
from trioproxy.store.recordings import OVERHEAD_BYTES, Recording, Recordings

HEAD = Head(200, ((b"content-type", b"text/plain"),))


def a_recording(body: bytes = b"body", *, at: float = 0.0, keep_s: float = 5.0) -> Recording:
    return Recording(call_id="c1", head=HEAD, body=body, finished_at=at, keep_s=keep_s)


def a_shelf(*, max_entries: int = 10, max_total_bytes: int = 100_000) -> Recordings:
    return Recordings(max_entries=max_entries, max_total_bytes=max_total_bytes)


def test_what_is_kept_is_found_within_its_seconds_and_gone_after() -> None:
    shelf = a_shelf()
    kept = a_recording(at=100.0)
    shelf.keep(b"a", kept)

    assert shelf.find(b"a", 105.0) is kept
    assert shelf.find(b"b", 105.0) is None
    assert shelf.find(b"a", 105.01) is None
    assert (len(shelf), shelf.total_bytes) == (0, 0)


def test_a_later_answer_takes_the_place_of_an_earlier_one() -> None:
    shelf = a_shelf()
    shelf.keep(b"a", a_recording(b"first"))
    later = a_recording(b"second")
    shelf.keep(b"a", later)

    assert shelf.find(b"a", 0.0) is later
    assert shelf.total_bytes == later.size_bytes


def test_the_least_recently_used_goes_first() -> None:
    shelf = a_shelf(max_entries=2)
    shelf.keep(b"a", a_recording())
    shelf.keep(b"b", a_recording())
    shelf.find(b"a", 1.0)
    shelf.keep(b"c", a_recording())

    assert [name for name in (b"a", b"b", b"c") if shelf.find(name, 1.0)] == [b"a", b"c"]


def test_what_is_too_old_for_anybody_makes_room_before_its_turn() -> None:
    shelf = a_shelf()
    shelf.keep(b"a", a_recording(at=0.0))
    shelf.keep(b"b", a_recording(at=1.0, keep_s=15.0))
    shelf.keep(b"c", a_recording(at=10.0))

    assert len(shelf) == 2
    assert shelf.find(b"b", 10.0)


def test_bytes_are_bounded_and_the_oldest_make_room() -> None:
    size_bytes = a_recording(b"x" * 1000).size_bytes
    shelf = a_shelf(max_total_bytes=3 * size_bytes)
    for name in (b"a", b"b", b"c", b"d"):
        shelf.keep(name, a_recording(b"x" * 1000))

    assert shelf.find(b"a", 0.0) is None
    assert len(shelf) == 3
    assert shelf.total_bytes == 3 * size_bytes


def test_an_answer_larger_than_everything_is_not_kept() -> None:
    shelf = a_shelf(max_total_bytes=OVERHEAD_BYTES)
    shelf.keep(b"a", a_recording())
    assert (len(shelf), shelf.total_bytes) == (0, 0)


def test_live_tapes_count_and_finished_answers_make_room_for_them() -> None:
    finished = a_recording(b"x" * 1000)
    shelf = a_shelf(max_total_bytes=finished.size_bytes + 500)
    shelf.keep(b"a", finished)

    assert shelf.reserve(500)
    assert shelf.find(b"a", 0.0)
    assert shelf.reserve(1)
    assert shelf.find(b"a", 0.0) is None
    assert not shelf.reserve(finished.size_bytes)
    shelf.release(501)
    assert shelf.total_bytes == 0


def test_an_answer_that_is_being_given_counts_until_that_is_over_and_makes_no_room() -> None:
    lent, idle = a_recording(b"x" * 1000), a_recording(b"y" * 1000)
    shelf = a_shelf(max_total_bytes=2 * lent.size_bytes)
    shelf.keep(b"a", lent)
    shelf.keep(b"b", idle)
    shelf.lend(lent)
    shelf.lend(lent)

    assert shelf.reserve(1)  # the other one makes room, although it was used later
    assert shelf.find(b"b", 0.0) is None
    assert not shelf.reserve(lent.size_bytes)
    assert shelf.find(b"a", 100.0) is None  # too old for anybody else
    assert shelf.total_bytes == lent.size_bytes + 1
    shelf.give_back(lent)
    assert shelf.total_bytes == lent.size_bytes + 1
    shelf.give_back(lent)
    assert shelf.total_bytes == 1


def test_what_is_given_back_while_it_is_kept_stays() -> None:
    shelf = a_shelf()
    kept = a_recording()
    shelf.keep(b"a", kept)
    shelf.lend(kept)
    shelf.give_back(kept)
    assert shelf.find(b"a", 0.0) is kept
    assert shelf.total_bytes == kept.size_bytes


def test_what_may_be_given_again_for_no_time_is_not_kept() -> None:
    shelf = a_shelf()
    shelf.keep(b"a", a_recording(keep_s=0.0))
    assert (len(shelf), shelf.total_bytes) == (0, 0)


def test_a_recording_does_not_show_its_body() -> None:
    assert "secret" not in repr(a_recording(b"secret"))


@pytest.mark.parametrize("entries", [10_000])
def test_ten_thousand_answers_leave_what_the_bounds_say(entries: int) -> None:
    shelf = Recordings(max_entries=500, max_total_bytes=1_000_000)
    for number in range(entries):
        shelf.keep(b"%d" % number, a_recording(b"x" * 3000))
        assert shelf.total_bytes <= 1_000_000
    assert len(shelf) <= 500
    assert shelf.find(b"%d" % (entries - 1), 0.0)


ACTS = st.one_of(
    st.tuples(st.just("keep"), st.sampled_from([b"a", b"b", b"c"]), st.integers(0, 3000)),
    st.tuples(st.just("find"), st.sampled_from([b"a", b"b", b"c"]), st.integers(0, 20)),
    st.tuples(st.just("reserve"), st.just(b""), st.integers(0, 3000)),
)


@given(st.lists(ACTS, max_size=40))
def test_whatever_happens_the_count_is_what_is_held(acts: list[tuple[str, bytes, int]]) -> None:
    shelf = a_shelf(max_entries=2, max_total_bytes=9_000)
    reserved, now = 0, 0.0
    for act, name, number in acts:
        now += 1.0
        if act == "keep":
            shelf.keep(name, a_recording(b"x" * number, at=now))
        elif act == "find":
            found = shelf.find(name, now + number)
            assert found is None or now + number - found.finished_at <= found.keep_s
        elif shelf.reserve(number):
            reserved += number
        held = sum(recording.size_bytes for recording in shelf)
        assert shelf.total_bytes == reserved + held <= 9_000
        assert len(shelf) <= 2
