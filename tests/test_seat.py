from __future__ import annotations

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from support.seeds import over_seeds, run_seeded

from trioproxy.errors import FellBehind, UpstreamClosed, UpstreamTruncated
from trioproxy.model import Head
from trioproxy.rules.lifecycle import Cause
from trioproxy.seat import CHUNK_OVERHEAD_BYTES, JOINED_BYTES, LIMIT_BYTES, Seat

HEAD = Head(200, ())


def a_seat() -> tuple[Seat, list[Cause]]:
    left: list[Cause] = []
    return Seat(lambda _, cause: left.append(cause)), left


async def drain(seat: Seat) -> list[bytes]:
    chunks = []
    while chunk := await seat.receive():
        chunks.append(chunk)
    return chunks


async def test_the_head_is_waited_for(autojump_clock: trio.abc.Clock) -> None:
    seat, _ = a_seat()
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def begin() -> None:
            await trio.sleep(5)
            seat.begin(HEAD)

        assert await seat.head() is HEAD
        assert trio.current_time() == 5
        assert await seat.head() is HEAD


async def test_a_call_without_a_head_raises_its_failure() -> None:
    seat, _ = a_seat()
    failure = UpstreamClosed("gone")
    seat.end(failure)
    for _ in range(2):
        with pytest.raises(UpstreamClosed) as caught:
            await seat.head()
        assert caught.value is failure


async def test_an_end_without_head_or_failure_is_a_fault_at_once(autojump_clock: trio.abc.Clock) -> None:
    seat, _ = a_seat()
    seat.end(None)
    with trio.fail_after(5), pytest.raises(AssertionError):
        await seat.head()


async def test_a_head_stays_a_head_when_the_body_breaks() -> None:
    seat, _ = a_seat()
    seat.begin(HEAD)
    seat.end(UpstreamTruncated("broke"))
    assert await seat.head() is HEAD


async def test_the_end_of_the_channel_alone_is_not_success() -> None:
    seat, _ = a_seat()
    seat.begin(HEAD)
    seat.push(b"one")
    seat.end(UpstreamTruncated("broke"))
    assert await seat.receive() == b"one"  # what came is still handed out
    for _ in range(2):
        with pytest.raises(UpstreamTruncated):
            await seat.receive()


async def test_a_body_that_ended_as_framed() -> None:
    seat, _ = a_seat()
    seat.begin(HEAD)
    seat.push(b"one")
    seat.end(None)
    assert await seat.receive() == b"one"
    assert await seat.receive() == b""
    assert await seat.receive() == b""


async def test_what_waits_is_joined() -> None:
    seat, _ = a_seat()
    for chunk in (b"a", b"bc", b"", b"def"):
        seat.push(chunk)
    assert await seat.receive() == b"abcdef"
    seat.push(b"g")
    assert await seat.receive() == b"g"


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=9), st.booleans()), max_size=12), st.integers(0, 2**32))
def test_whatever_the_pace_the_bytes_are_the_same(story: list[tuple[bytes, bool]], seed: int) -> None:
    async def play() -> list[bytes]:
        seat, _ = a_seat()
        taken: list[bytes] = []
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def push() -> None:
                for chunk, pause in story:
                    seat.push(chunk)
                    if pause:
                        await trio.sleep(1)
                seat.end(None)

            taken += await drain(seat)
        return taken

    taken = run_seeded(seed, play)
    assert b"".join(taken) == b"".join(chunk for chunk, _ in story)
    assert all(taken)


def test_a_chunk_goes_to_the_one_who_waits_at_once() -> None:
    async def story() -> tuple[float, bytes]:
        seat, _ = a_seat()
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def push() -> None:
                await trio.sleep(3)
                seat.push(b"one")
                await trio.sleep(3)
                seat.push(b"two")

            chunk = await seat.receive()
            return trio.current_time(), chunk

    for _, result in over_seeds(story):
        assert result == (3, b"one")


@pytest.mark.parametrize("size_bytes", [LIMIT_BYTES, LIMIT_BYTES + 1])
async def test_there_is_room_up_to_the_limit(size_bytes: int) -> None:
    seat, _ = a_seat()
    seat.push(b"x" * (size_bytes - 1))
    assert seat.has_room
    seat.push(b"y")
    assert seat.has_room is (size_bytes <= LIMIT_BYTES)


async def test_the_pump_is_told_when_there_is_room_again() -> None:
    told: list[int] = []
    seat = Seat(on_room=lambda: told.append(1))
    seat.push(b"x" * (JOINED_BYTES + LIMIT_BYTES))
    seat.push(b"y")
    await seat.receive()
    assert (told, seat.has_room) == ([1], True)


async def test_of_much_that_waits_only_so_much_is_joined() -> None:
    told: list[int] = []
    seat = Seat(on_room=lambda: told.append(1))
    for _ in range(20):
        seat.push(b"x" * 65_536)
    seat.end(None)
    assert len(await seat.receive()) == JOINED_BYTES
    assert told == []  # still far behind
    rest = await drain(seat)
    assert sum(map(len, rest)) == 20 * 65_536 - JOINED_BYTES
    assert told


async def test_what_waits_is_weighed_with_what_its_chunks_cost() -> None:
    seat, _ = a_seat()
    assert seat.lag_bytes == 0
    for _ in range(10):
        seat.push(b"x")
    assert seat.lag_bytes == 10 * (1 + CHUNK_OVERHEAD_BYTES)


async def test_a_seat_that_is_cut_hands_out_nothing_more() -> None:
    seat, _ = a_seat()
    seat.begin(HEAD)
    for _ in range(3):
        seat.push(b"x")
    seat.cut(FellBehind("too slow"))
    assert seat.lag_bytes == 0
    with pytest.raises(FellBehind):
        await seat.receive()


async def test_a_seat_that_nobody_listens_to_is_left_as_easily() -> None:
    seat = Seat()
    seat.push(b"x")
    await seat.receive()
    seat.leave(Cause.CLIENT_LEFT)


async def test_leaving_tells_the_relay_once_and_only_the_first_cause() -> None:
    seat, left = a_seat()
    seat.leave(Cause.CLIENT_STALLED)
    seat.leave(Cause.CLIENT_LEFT)
    assert left == [Cause.CLIENT_STALLED]


async def test_what_waits_at_a_departure_and_what_comes_after_it_is_not_kept() -> None:
    seat, _ = a_seat()
    seat.push(b"let go of")
    seat.leave(Cause.CLIENT_LEFT)
    for _ in range(100):
        seat.push(b"x" * LIMIT_BYTES)
        assert seat.has_room
    assert seat.lag_bytes == 0
    with pytest.raises(UpstreamTruncated):
        await seat.receive()


async def test_leaving_after_the_end_makes_no_whole_answer_of_the_rest() -> None:
    seat, left = a_seat()
    seat.begin(HEAD)
    seat.push(b"not taken")
    seat.end(None)
    seat.leave(Cause.CLIENT_LEFT)
    assert left == [Cause.CLIENT_LEFT]
    with pytest.raises(UpstreamTruncated):
        await seat.receive()


def test_a_cancelled_receive_loses_nothing_that_was_not_taken() -> None:
    async def story() -> bytes:
        seat, _ = a_seat()
        with trio.move_on_after(1):
            await seat.receive()
        seat.push(b"one")
        return await seat.receive()

    for _, chunk in over_seeds(story, 5):
        assert chunk == b"one"
