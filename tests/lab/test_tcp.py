"""A reset is one to whoever writes and whoever reads, whichever of them the kernel tells."""

from __future__ import annotations

import contextlib
import socket

import pytest
import trio
from support.pair import connected
from trio.testing import wait_all_tasks_blocked

from trioproxy.lab.tcp import TcpStream
from trioproxy.sockets import reset

MORE_THAN_FITS = bytes(2**24)


async def test_a_reset_that_a_write_has_met_is_one_to_a_read() -> None:
    async with connected() as (ours, theirs):
        stream = TcpStream(trio.SocketStream(ours))
        reset(theirs)
        with pytest.raises(trio.BrokenResourceError):
            await stream.send_all(b"x")
        with pytest.raises(trio.BrokenResourceError, match="reset"):
            await stream.receive_some()


async def test_a_reset_that_a_read_has_met_is_one_to_whoever_comes_next() -> None:
    async with connected() as (ours, theirs):
        stream = TcpStream(trio.SocketStream(ours))
        reset(theirs)
        for _ in range(2):
            with pytest.raises(trio.BrokenResourceError, match="reset"):
                await stream.receive_some()
        with pytest.raises(trio.BrokenResourceError):
            await stream.send_all(b"x")


@pytest.mark.parametrize("data", [b"x", MORE_THAN_FITS], ids=["between writes", "while one waits"])
async def test_a_reset_while_one_reads_and_one_writes(data: bytes) -> None:
    """Which of them is told first is up to the scheduler: both orders come in so many rounds."""

    async def send() -> None:
        with contextlib.suppress(trio.BrokenResourceError):
            while True:
                await stream.send_all(data)

    async def receive() -> None:
        with pytest.raises(trio.BrokenResourceError):
            await stream.receive_some()

    with trio.fail_after(30):
        for _ in range(60):
            async with connected() as (ours, theirs), trio.open_nursery() as nursery:
                stream = TcpStream(trio.SocketStream(ours))
                nursery.start_soon(receive)
                nursery.start_soon(send)
                for _ in range(5):
                    await trio.lowlevel.checkpoint()
                reset(theirs)


async def test_a_reset_behind_a_fin_does_not_undo_it() -> None:
    async with connected() as (ours, theirs):
        stream = TcpStream(trio.SocketStream(ours))
        theirs.shutdown(socket.SHUT_WR)
        reset(theirs)
        with pytest.raises(trio.BrokenResourceError):
            await stream.send_all(b"x")
        assert await stream.receive_some() == b""


async def test_a_fin_is_not_kept_from_whoever_reads_by_a_write_that_waits() -> None:
    async with connected() as (ours, theirs), trio.open_nursery() as nursery:
        stream = TcpStream(trio.SocketStream(ours))
        nursery.start_soon(stream.send_all, MORE_THAN_FITS)
        await wait_all_tasks_blocked()
        theirs.shutdown(socket.SHUT_WR)
        with trio.fail_after(5):
            assert await stream.receive_some() == b""
        nursery.cancel_scope.cancel()


async def test_both_sides_end() -> None:
    async with connected() as (ours, theirs):
        stream = TcpStream(trio.SocketStream(ours))
        await stream.wait_send_all_might_not_block()
        await stream.send_all(b"x")
        await stream.send_eof()
        assert await theirs.recv(2) == b"x"
        theirs.shutdown(socket.SHUT_WR)
        assert await stream.receive_some() == b""
        await stream.aclose()
        with pytest.raises(trio.ClosedResourceError):
            await stream.receive_some()
