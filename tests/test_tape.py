from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trioproxy.store.recordings import OVERHEAD_BYTES, Recordings
from trioproxy.tape import MANY, MUCH_BYTES, Tape


def a_shelf(max_total_bytes: int = 1 << 20) -> Recordings:
    return Recordings(max_entries=5, max_total_bytes=max_total_bytes)


@given(st.lists(st.integers(1, 9), max_size=3 * MANY))
def test_it_has_every_byte_in_order(sizes: list[int]) -> None:
    shelf = a_shelf()
    tape = Tape(shelf, 1 << 20)
    chunks = [bytes([65 + number % 26]) * size for number, size in enumerate(sizes)]
    for chunk in chunks:
        tape.append(chunk)

    assert b"".join(tape.pieces()) == b"".join(chunks)
    assert tape.size_bytes == sum(sizes)
    assert shelf.total_bytes == sum(sizes) + OVERHEAD_BYTES


def test_many_small_chunks_become_few_pieces() -> None:
    tape = Tape(a_shelf(), 1 << 20)
    for _ in range(100 * MANY):
        tape.append(b"x")
    assert len(tape.pieces()) == 100


def test_a_large_chunk_is_held_as_it_is() -> None:
    tape = Tape(a_shelf(), 1 << 20)
    chunk = b"x" * MUCH_BYTES
    tape.append(chunk)
    assert tape.pieces()[0] is chunk


def test_beyond_its_limit_it_holds_nothing_any_more() -> None:
    shelf = a_shelf()
    tape = Tape(shelf, 10)
    tape.append(b"x" * 10)
    assert tape.whole
    tape.append(b"y")
    assert not tape.whole
    tape.append(b"z")
    assert (tape.pieces(), tape.size_bytes, shelf.total_bytes) == ([], 0, 0)


def test_where_there_is_no_room_among_the_others_it_gives_up() -> None:
    shelf = a_shelf(max_total_bytes=2 * OVERHEAD_BYTES + 10)
    first, second = Tape(shelf, 100), Tape(shelf, 100)
    first.append(b"x" * 6)
    second.append(b"y" * 4)
    second.append(b"y")

    assert first.whole
    assert not second.whole
    assert shelf.total_bytes == 6 + OVERHEAD_BYTES


def test_dropping_it_twice_is_harmless() -> None:
    shelf = a_shelf()
    tape = Tape(shelf, 100)
    tape.append(b"x")
    tape.drop()
    tape.drop()
    assert shelf.total_bytes == 0


def test_where_there_is_no_room_for_a_tape_at_all_there_is_none() -> None:
    tape = Tape(a_shelf(max_total_bytes=OVERHEAD_BYTES - 1), 100)
    assert not tape.whole
    tape.append(b"x")
    tape.drop()
    assert tape.pieces() == []
