from __future__ import annotations

from collections.abc import Sequence

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from support.seeds import over_seeds, run_seeded

from trioproxy.app.upload import BodyUpload
from trioproxy.errors import RequestTimeout, RequestTooLarge

PIECES = st.lists(st.tuples(st.booleans(), st.binary(max_size=9)), max_size=8)


async def send(upload: BodyUpload, pieces: Sequence[tuple[float, bytes]], *, owes: bool = False) -> None:
    """What a server hands over: pieces, each with the seconds before it; the last one says that it is the last."""
    for number, (after_s, piece) in enumerate(pieces):
        if after_s:
            await trio.sleep(after_s)
        await upload.put(piece, owes or number < len(pieces) - 1)
    if not pieces and not owes:
        await upload.put(b"", False)


async def collected(upload: BodyUpload) -> list[bytes]:
    pieces = await upload.stream()
    return [piece async for piece in pieces] if pieces is not None else []


@given(PIECES, st.integers(0, 2**32))
def test_however_it_comes_it_is_the_same_body(story: list[tuple[bool, bytes]], seed: int) -> None:
    pieces = [(1.0 if pause else 0.0, piece) for pause, piece in story]
    body = b"".join(piece for _, piece in pieces)

    async def whole() -> bytes:
        upload = BodyUpload(60.0)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send, upload, pieces)
            return await upload.whole(1_000)

    async def streamed() -> list[bytes]:
        upload = BodyUpload(60.0)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send, upload, pieces)
            return await collected(upload)

    assert run_seeded(seed, whole) == body
    assert run_seeded(seed, streamed) == [piece for _, piece in pieces if piece]


async def test_no_body_is_none() -> None:
    upload = BodyUpload(60.0)
    await upload.put(b"", False)
    assert await upload.stream() is None


async def test_a_body_in_one_piece_is_not_copied() -> None:
    upload = BodyUpload(60.0)
    piece = b"x" * 100
    async with trio.open_nursery() as nursery:
        nursery.start_soon(upload.put, piece, False)
        assert await upload.whole(100) is piece


def test_who_does_not_take_the_pieces_slows_the_client_down() -> None:
    async def story() -> list[float]:
        upload, put_at_s = BodyUpload(60.0), list[float]()

        async def put() -> None:
            for number in range(4):
                await upload.put(b"x", number < 3)
                put_at_s.append(trio.current_time())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(put)
            pieces = await upload.stream()
            assert pieces is not None
            await trio.sleep(10)
            async for _ in pieces:
                await trio.sleep(10)
        return put_at_s

    for _, put_at_s in over_seeds(story):
        assert put_at_s == [0, 0, 20, 30]  # one is in the hand until 10 s, one waits until 20 s


@pytest.mark.parametrize("sizes", [(11,), (5, 6), (5, 5, 1), (11, 100)])
async def test_more_than_is_allowed_is_refused_when_it_passes(
    sizes: tuple[int, ...], autojump_clock: trio.abc.Clock
) -> None:
    upload = BodyUpload(60.0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(send, upload, [(1.0, b"x" * size) for size in sizes])
        with pytest.raises(RequestTooLarge, match="10 bytes"):
            await upload.whole(10)
        assert trio.current_time() == len([1 for size in sizes if size < 100])
        nursery.cancel_scope.cancel()


async def test_as_much_as_is_allowed(autojump_clock: trio.abc.Clock) -> None:
    upload = BodyUpload(60.0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(send, upload, [(0.0, b"x" * 5), (0.0, b"x" * 5)])
        assert await upload.whole(10) == b"x" * 10


@pytest.mark.parametrize("pieces", [0, 1, 5])
def test_silence_has_a_limit_and_the_whole_has_none(pieces: int) -> None:
    async def story() -> tuple[float, float]:
        ends: list[float] = []
        for take in ("whole", "stream"):
            began = trio.current_time()
            upload = BodyUpload(60.0)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(lambda upload=upload: send(upload, [(59.0, b"x")] * pieces, owes=True))
                with pytest.raises(RequestTimeout, match="60 s"):
                    await (upload.whole(100) if take == "whole" else collected(upload))
                ends.append(trio.current_time() - began)
        return ends[0], ends[1]

    for _, ends in over_seeds(story, 5):
        assert ends == (59 * pieces + 60, 59 * pieces + 60)


async def test_a_body_that_is_here_already_is_never_too_late(autojump_clock: trio.abc.Clock) -> None:
    upload = BodyUpload(60.0)
    await upload.put(b"one", True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(upload.put, b"two", False)
        pieces = await upload.stream()
        assert pieces is not None
        await trio.sleep(1_000)
        assert [piece async for piece in pieces] == [b"one", b"two"]


def test_what_nobody_wants_is_dropped() -> None:
    async def story() -> float:
        upload = BodyUpload(60.0)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send, upload, [(1.0, b"x")] * 10)
            await trio.sleep(5)  # the second one has been waiting since 2 s
            upload.discard()
        return trio.current_time()

    for _, ended_at_s in over_seeds(story):
        assert ended_at_s == 5 + 8  # nothing else is waited for than the client
