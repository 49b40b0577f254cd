"""Whether a call outlives its request is a matter of where its pump lives."""

from __future__ import annotations

import trio
from support.comparing import play_variant

from trioproxy.lab.compare.homes import House, Requests
from trioproxy.lab.compare.semantics import Leaving, Pump, Semantics
from trioproxy.model import CallOutcome


def test_a_call_in_the_house_outlives_its_request_and_one_in_a_request_keeps_it() -> None:
    over_at = {}
    for pump in (Pump.HOUSE, Pump.REQUEST):
        seen = play_variant(Semantics(pump, Leaving.of("drain")), "leaver")
        assert seen.calls == [CallOutcome.COMPLETED]
        [visit] = seen.happened.visits
        assert visit.over_at is not None
        assert visit.left_at is not None
        over_at[pump] = visit.over_at - visit.left_at

    assert over_at[Pump.HOUSE] == 0.0
    assert over_at[Pump.REQUEST] > 1.0


async def test_a_house_that_closes_cancels_who_lives_there(autojump_clock: trio.testing.MockClock) -> None:
    async with trio.open_nursery() as nursery:
        house = House(nursery)
        async with house.room() as room:
            room.start_soon(trio.sleep_forever)
        house.close(3.0)
    assert trio.current_time() == 3.0


async def test_a_room_of_a_request_waits_for_its_pump_and_closes_with_the_others(
    autojump_clock: trio.testing.MockClock,
) -> None:
    requests = Requests()
    async with requests.room() as room:
        room.start_soon(trio.sleep, 2.0)
    assert trio.current_time() == 2.0
    async with requests.room() as room:
        room.start_soon(trio.sleep_forever)
        requests.close(5.0)
    assert trio.current_time() == 5.0
