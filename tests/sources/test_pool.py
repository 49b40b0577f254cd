from __future__ import annotations

import trio
from trio.testing import MockClock

from trioproxy.sources.dialing import Origin
from trioproxy.sources.pool import IDLE_EXPIRY_S, IDLE_LIMIT, IdleConnections

HERE = Origin(tls=False, host="a", port=1)
THERE = Origin(tls=False, host="b", port=1)


class Idle:
    def __init__(self) -> None:
        self.alive = True
        self.closed = 0

    def dropped(self) -> bool:
        return not self.alive

    def close(self) -> None:
        self.closed += 1


async def test_last_in_first_out_per_origin() -> None:
    pool: IdleConnections[Idle] = IdleConnections()
    first, second, other = Idle(), Idle(), Idle()
    pool.put(HERE, first)
    pool.put(HERE, second)
    pool.put(THERE, other)
    assert pool.take(HERE) is second
    assert pool.take(HERE) is first
    assert pool.take(HERE) is None
    assert pool.take(THERE) is other
    assert not any((first.closed, second.closed, other.closed))


async def test_what_the_peer_has_dropped_is_closed_and_passed_over() -> None:
    pool: IdleConnections[Idle] = IdleConnections()
    good, bad = Idle(), Idle()
    pool.put(HERE, good)
    pool.put(HERE, bad)
    bad.alive = False
    assert pool.take(HERE) is good
    assert (good.closed, bad.closed) == (0, 1)


async def test_expired_ones_are_not_taken(autojump_clock: MockClock) -> None:
    pool: IdleConnections[Idle] = IdleConnections()
    connection = Idle()
    pool.put(HERE, connection)
    await trio.sleep(IDLE_EXPIRY_S + 1)
    assert pool.take(HERE) is None
    assert connection.closed == 1


async def test_expired_ones_of_any_origin_are_closed_when_one_comes_back(autojump_clock: MockClock) -> None:
    pool: IdleConnections[Idle] = IdleConnections()
    old, fresh = Idle(), Idle()
    pool.put(THERE, old)
    await trio.sleep(IDLE_EXPIRY_S + 1)
    pool.put(HERE, fresh)
    assert (old.closed, fresh.closed) == (1, 0)
    assert len(pool) == 1


async def test_the_oldest_goes_when_there_are_too_many() -> None:
    pool: IdleConnections[Idle] = IdleConnections()
    connections = [Idle() for _ in range(IDLE_LIMIT + 1)]
    for connection in connections:
        pool.put(HERE, connection)
    assert [connection.closed for connection in connections] == [1] + [0] * IDLE_LIMIT
    assert len(pool) == IDLE_LIMIT


async def test_closing_closes_now_and_later() -> None:
    pool: IdleConnections[Idle] = IdleConnections()
    before, after = Idle(), Idle()
    pool.put(HERE, before)
    pool.close()
    pool.put(HERE, after)
    assert (before.closed, after.closed) == (1, 1)
    assert len(pool) == 0
