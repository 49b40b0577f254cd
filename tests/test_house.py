from __future__ import annotations

import gc
import math
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

import pytest
import trio
import trio.lowlevel
from support.house import commission, open_house
from support.seeds import over_seeds
from support.stage import LAST_EVENT

from trioproxy.errors import Draining
from trioproxy.house import House
from trioproxy.lab.script import Chunk, End, Head, Script, Silence
from trioproxy.lab.source import ScriptedSource
from trioproxy.model import CallOutcome, CallReceipt, Plan
from trioproxy.rules.lifecycle import Cause
from trioproxy.sources.base import Answer, Progress

WHOLE = Script.of(1.0, Head(), Chunk(LAST_EVENT), 1.0, End())
SILENT = Script.of(Silence())


async def test_a_house_is_open_between_its_start_and_its_closing() -> None:
    house = House()
    assert not house.open
    async with trio.open_nursery() as nursery:
        await nursery.start(house.run)
        assert house.open
        house.admit()
        house.close()
        assert not house.open
    assert not house.open


async def test_a_house_that_is_not_open_takes_nobody() -> None:
    house, receipts = House(), list[CallReceipt]()
    source = ScriptedSource(WHOLE)
    with pytest.raises(Draining):
        house.start(commission(source, receipts))
    async with trio.open_nursery() as nursery:
        await nursery.start(house.run)
        house.close()
        for refuse in (house.admit, lambda: house.start(commission(source, receipts))):
            with pytest.raises(Draining) as caught:
                refuse()
            assert (caught.value.status, caught.value.code) == (503, "draining")
    assert not source.calls
    assert not receipts


async def test_a_house_that_was_closed_before_it_was_opened_ends_at_once() -> None:
    house = House()
    house.close()
    with trio.fail_after(1):
        await house.run()
    assert not house.open


async def test_a_house_that_is_lost_is_not_open() -> None:
    house, receipts = House(), list[CallReceipt]()
    async with trio.open_nursery() as nursery:
        await nursery.start(house.run)
        nursery.cancel_scope.cancel()
    assert not house.open
    with pytest.raises(Draining):
        house.start(commission(ScriptedSource(WHOLE), receipts))


@pytest.mark.parametrize(
    ("grace_s", "outcome", "ends_at_s"),
    [
        (math.inf, CallOutcome.COMPLETED, 2.0),
        (2.5, CallOutcome.COMPLETED, 2.0),
        (1.0, CallOutcome.SHUTDOWN, 1.5),
        (0.0, CallOutcome.SHUTDOWN, 0.5),
    ],
)
def test_closing_gives_grace(grace_s: float, outcome: CallOutcome, ends_at_s: float) -> None:
    async def story() -> tuple[list[CallReceipt], float]:
        receipts: list[CallReceipt] = []
        # The last event comes at 1 s; without it the outcome of a shutdown is not `completed`.
        script = Script.of(1.0, Head(), 1.0, Chunk(LAST_EVENT), End())
        async with trio.open_nursery() as nursery:
            house = await open_house(nursery)
            house.start(commission(ScriptedSource(script), receipts))
            await trio.sleep(0.5)
            house.close(grace_s)
        return receipts, trio.current_time()

    for _, (receipts, ended_at_s) in over_seeds(story):
        assert [receipt.outcome for receipt in receipts] == [outcome]
        assert ended_at_s == ends_at_s


def test_closing_again_sooner_cuts_the_grace_short() -> None:
    async def story() -> tuple[list[CallReceipt], float]:
        receipts: list[CallReceipt] = []
        async with trio.open_nursery() as nursery:
            house = await open_house(nursery)
            house.start(commission(ScriptedSource(SILENT), receipts))
            house.close(math.inf)
            await trio.sleep(100)
            house.close()
        return receipts, trio.current_time()

    for _, (receipts, ended_at_s) in over_seeds(story):
        assert [receipt.outcome for receipt in receipts] == [CallOutcome.SHUTDOWN]
        assert ended_at_s == 100


class Raising:
    """A source with a bug."""

    def __init__(self, make: Callable[[], Exception]) -> None:
        self._make = make

    @asynccontextmanager
    async def open(self, plan: Plan, progress: Progress) -> AsyncIterator[Answer]:
        await trio.sleep(0.5)
        raise self._make()
        yield


@pytest.mark.parametrize(
    "make",
    [
        lambda: ZeroDivisionError("a bug"),
        lambda: ExceptionGroup("bugs", [ZeroDivisionError("one"), KeyError("two")]),
        lambda: trio.BrokenResourceError("a stream that nobody mapped"),
    ],
)
def test_no_relay_harms_its_neighbours(make: Callable[[], Exception], caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> list[CallOutcome]:
        receipts: list[CallReceipt] = []
        async with trio.open_nursery() as nursery:
            house = await open_house(nursery)
            house.start(commission(ScriptedSource(WHOLE), receipts))
            house.start(commission(Raising(make), receipts))
            house.start(commission(ScriptedSource(WHOLE), receipts))
            await trio.sleep(1)
            assert house.open
            house.start(commission(ScriptedSource(WHOLE), receipts))
            await trio.sleep(10)
            house.close()
        return [receipt.outcome for receipt in receipts]

    for _, outcomes in over_seeds(story):
        assert outcomes == [CallOutcome.INTERNAL_ERROR, *[CallOutcome.COMPLETED] * 3]
    assert "a fault of ours" in caplog.text


WHO_ASKED: ContextVar[object] = ContextVar("WHO_ASKED")


class Request:
    """What must not live as long as its stream."""


def test_a_relay_keeps_nothing_of_the_context_it_was_started_from() -> None:
    class Looking:
        def __init__(self) -> None:
            self.saw: list[object] = []

        @asynccontextmanager
        async def open(self, plan: Plan, progress: Progress) -> AsyncIterator[Answer]:
            self.saw.append(WHO_ASKED.get(None))
            await trio.sleep_forever()
            yield None  # type: ignore[misc]

    async def story() -> None:
        receipts: list[CallReceipt] = []
        source = Looking()
        async with trio.open_nursery() as nursery:
            house = await open_house(nursery)

            async def ask() -> weakref.ref[Request]:
                request = Request()
                WHO_ASKED.set(request)
                house.start(commission(source, receipts))
                await trio.lowlevel.checkpoint()
                return weakref.ref(request)

            asked: list[weakref.ref[Request]] = []

            @nursery.start_soon
            async def handler() -> None:
                asked.append(await ask())

            await trio.sleep(1)
            gc.collect()
            assert source.saw == [None]
            assert asked[0]() is None
            house.close()

    for _ in over_seeds(story, 5):
        pass


def test_a_live_twin_is_found_by_its_fingerprint_as_long_as_it_lives() -> None:
    async def story() -> None:
        receipts: list[CallReceipt] = []
        async with trio.open_nursery() as nursery:
            house = await open_house(nursery)
            one = house.start(commission(ScriptedSource(WHOLE), receipts, b"a"))
            await trio.sleep(0.5)
            two = house.start(commission(ScriptedSource(WHOLE), receipts, b"a"))
            other = house.start(commission(ScriptedSource(WHOLE), receipts, b"b"))
            alone = house.start(commission(ScriptedSource(WHOLE), receipts))
            seats = [relay.sit() for relay in (one, two, other, alone)]

            assert house.twin(b"a", lambda seats: True) is one  # the oldest
            assert house.twin(b"b", lambda seats: True) is other
            assert house.twin(b"c", lambda seats: True) is None
            asked: list[int] = []
            assert house.twin(b"a", lambda seats: bool(asked.append(seats))) is None
            assert asked == [1, 1]

            seats[0].leave(Cause.CLIENT_LEFT)  # with `abort`: in the same step
            assert house.twin(b"a", lambda seats: True) is two
            house.close(math.inf)
        assert house.vacated.is_set()
        assert len(receipts) == 4
        assert house.twin(b"a", lambda seats: True) is None

    for _ in over_seeds(story, 10):
        pass
