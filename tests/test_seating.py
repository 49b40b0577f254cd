from __future__ import annotations

from contextlib import nullcontext

import pytest
import trio
import trio.testing
from support.seeds import over_seeds

from trioproxy.errors import UpstreamTruncated
from trioproxy.model import Head
from trioproxy.rules.lifecycle import Cause
from trioproxy.seat import LIMIT_BYTES, Seat
from trioproxy.seating import Seating
from trioproxy.store.recordings import OVERHEAD_BYTES, Recordings
from trioproxy.tape import Tape

HEAD = Head(200, ())


def seating(*, taped: bool = True, max_lag_bytes: int = 1 << 20) -> tuple[Seating, list[Cause]]:
    empty: list[Cause] = []
    tape = Tape(Recordings(max_entries=1, max_total_bytes=1 << 22), 1 << 22) if taped else None
    return Seating(empty.append, tape=tape, max_lag_bytes=max_lag_bytes), empty


async def test_it_tells_when_the_last_one_has_left_and_why() -> None:
    seats, empty = seating()
    one, two = seats.take(), seats.take()
    assert seats.count == 2
    one.leave(Cause.CLIENT_LEFT)
    assert empty == []
    two.leave(Cause.CLIENT_STALLED)
    assert (empty, seats.count) == ([Cause.CLIENT_STALLED], 0)


async def test_without_a_tape_nobody_can_come_late() -> None:
    assert not seating(taped=False)[0].has_all
    assert seating()[0].has_all


async def test_where_nobody_sits_there_is_room() -> None:
    seats, _ = seating()
    seats.push(b"x" * LIMIT_BYTES * 2)
    assert seats.has_room
    await seats.room()


async def test_after_the_end_a_departure_concerns_nobody() -> None:
    seats, empty = seating()
    one = seats.take()
    seats.begin(HEAD)
    seats.push(b"one")
    seats.end(None)
    one.leave(Cause.CLIENT_LEFT)
    assert empty == []
    with pytest.raises(UpstreamTruncated):  # what waited is let go of, so that was not all
        await one.receive()


def test_who_was_here_first_is_handed_a_chunk_a_step_before_the_others() -> None:
    async def story() -> list[str]:
        seats, _ = seating()
        told: list[str] = []
        async with trio.open_nursery() as nursery:

            async def read(name: str, seat: Seat) -> None:
                await seat.receive()
                told.append(name)

            for name in ("first", "second", "third"):
                nursery.start_soon(read, name, seats.take())
            await trio.testing.wait_all_tasks_blocked()
            seats.push(b"x")
            await seats.hand_on()
            late = seats.take()
            seats.begin(HEAD)
            assert not seats.owes
            seats.push(b"y")
            await seats.hand_on()
            assert await late.receive() == b"y"  # it has the tape's part from `begin` on: there was no head before
        return told

    for _, told in over_seeds(story, 20):
        assert told[0] == "first"


def test_whoever_comes_between_has_the_chunk_once() -> None:
    async def story() -> bytes:
        seats, _ = seating()
        seats.take()
        seats.take()
        seats.begin(HEAD)
        seats.push(b"x")
        late = seats.take()  # while the second is still owed it
        await seats.hand_on()
        seats.push(b"y")
        seats.end(None)
        taken = b""
        while chunk := await late.receive():
            taken += chunk
        return taken

    for _, taken in over_seeds(story, 5):
        assert taken == b"xy"


def test_the_pump_goes_on_when_one_comes_who_has_room() -> None:
    async def story() -> float:
        seats, _ = seating(taped=False)
        seats.take().begin(HEAD)
        seats.push(b"x" * (LIMIT_BYTES + 1))
        assert not seats.has_room
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def come() -> None:
                await trio.sleep(3)
                seats.take()

            await seats.room()
            return trio.current_time()

    for _, waited_s in over_seeds(story, 10):
        assert waited_s == 3


def test_the_pump_goes_on_when_the_one_it_waits_for_leaves() -> None:
    async def story() -> float:
        seats, _ = seating()
        slow, fast = seats.take(), seats.take()
        seats.push(b"x" * (LIMIT_BYTES + 1))
        assert seats.owes
        await seats.hand_on()
        assert not seats.has_room
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def leave() -> None:
                await trio.sleep(3)
                slow.leave(Cause.CLIENT_LEFT)
                await trio.sleep(3)
                await fast.receive()

            await seats.room()
            return trio.current_time()

    for _, waited_s in over_seeds(story, 10):
        assert waited_s == 6


class WithoutX:
    """Takes every x out, and holds a last y back until the end."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        data, self._held = self._held + data, b""
        if data.endswith(b"y"):
            data, self._held = data[:-1], b"y"
        return data.replace(b"x", b"")

    def end(self) -> bytes:
        return self._held


@pytest.mark.parametrize("failure", [None, UpstreamTruncated("it broke")])
async def test_what_is_taken_out_is_taken_out_for_everybody(failure: UpstreamTruncated | None) -> None:
    seats, _ = seating()
    first = seats.take()
    seats.begin(HEAD, WithoutX())
    seats.push(b"axb")
    seats.push(b"xx")  # nothing is left of it
    late = seats.take()
    seats.push(b"cy")
    seats.end(failure)

    assert seats.bytes_passed == 4
    for seat in (first, late):
        assert await seat.receive() == b"abcy"
        with nullcontext() if failure is None else pytest.raises(UpstreamTruncated):
            assert await seat.receive() == b""


async def test_letting_go_of_the_tape_gives_its_bytes_back() -> None:
    recordings = Recordings(max_entries=1, max_total_bytes=OVERHEAD_BYTES + 100)
    seats = Seating(lambda _: None, tape=Tape(recordings, 100), max_lag_bytes=100)
    seats.push(b"x" * 10)
    assert recordings.total_bytes == 10 + OVERHEAD_BYTES
    seats.close()
    assert recordings.total_bytes == 0
    seating(taped=False)[0].close()
