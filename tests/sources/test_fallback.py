"""The rule alone, over scripted connections; over real sockets it is in test_fallback_sent.py and its neighbours."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from support.calls import Notes

from trioproxy.errors import ClientError, UpstreamClosed, UpstreamConnectFailed
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.base import Progress
from trioproxy.sources.connection import Closable, NothingSent
from trioproxy.sources.fallback import ask
from trioproxy.sources.outgoing import Outgoing

NOTHING, CLOSED, UNFIT, CANCELLED, ANSWER = "nothing sent", "closed", "unfit", "cancelled", "answer"


class Scripted:
    """A connection that does with its one exchange what it is told; it is its own answer."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.asked = 0
        self.closed = 0

    async def exchange(self, request: Outgoing, progress: Progress) -> Closable:
        self.asked += 1
        progress.enter(Phase.SENDING)
        await trio.lowlevel.checkpoint()
        match self.what:
            case "nothing sent":
                raise NothingSent("dropped")
            case "closed":
                raise UpstreamClosed("closed")
            case "unfit":
                raise ClientError("unfit")
            case "cancelled":
                await trio.sleep_forever()
        return self  # type: ignore[return-value]

    def dropped(self) -> bool:
        return False

    def close(self) -> None:
        self.closed += 1


class Shelf:
    """Idle connections, and how many fresh ones were made."""

    def __init__(self, idle: Iterable[str], fresh: str) -> None:
        self.all = [Scripted(what) for what in idle]
        self.idle = list(self.all)
        self.fresh = fresh
        self.connects = 0

    def take(self) -> Scripted | None:
        return self.idle.pop(0) if self.idle else None

    async def connect(self) -> Scripted:
        await trio.lowlevel.checkpoint()
        self.connects += 1
        if self.fresh == "refused":
            raise UpstreamConnectFailed("refused")
        self.all.append(Scripted(self.fresh))
        return self.all[-1]


async def outcome(shelf: Shelf, notes: Notes) -> str:
    """How asking ends; `cancelled` if it would go on for ever."""
    with trio.move_on_after(1):
        try:
            await ask(a_request(), notes, take=shelf.take, connect=shelf.connect)
        except ClientError:
            return UNFIT
        except UpstreamConnectFailed:
            return "refused"
        except UpstreamClosed:
            return CLOSED
        return ANSWER
    return CANCELLED


def a_request() -> Outgoing:
    return Outgoing("GET", b"/", (), None)


ENDS = st.sampled_from([CLOSED, UNFIT, CANCELLED, ANSWER])


@given(
    st.lists(st.just(NOTHING), max_size=5),
    st.lists(ENDS, max_size=3),
    st.sampled_from([CLOSED, UNFIT, CANCELLED, ANSWER, "refused"]),
)
def test_the_first_connection_that_takes_a_byte_is_the_last_one(dead: list[str], others: list[str], fresh: str) -> None:
    async def play() -> None:
        shelf, notes = Shelf([*dead, *others], fresh), Notes()
        expected = others[0] if others else fresh
        assert await outcome(shelf, notes) == expected
        assert shelf.connects == (0 if others else 1)
        tried = len(dead) + (1 if others or fresh != "refused" else 0)
        assert [each.asked for each in shelf.all] == [1] * tried + [0] * (len(shelf.all) - tried)
        closed = tried if expected != ANSWER else tried - 1
        assert [each.closed for each in shelf.all] == [1] * closed + [0] * (len(shelf.all) - closed)
        assert notes.phases.count("permission") == min(len(shelf.all), 1)
        assert notes.phases.count(Phase.CONNECTING) == len(dead) + 1

    trio.run(play, clock=trio.testing.MockClock(autojump_threshold=0))


async def test_no_connection_is_asked_without_permission() -> None:
    shelf, notes = Shelf([NOTHING], ANSWER), Notes(permitted := trio.Event())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(outcome, shelf, notes)
        await trio.testing.wait_all_tasks_blocked()
        assert (shelf.all[0].asked, shelf.connects) == (0, 0)
        permitted.set()
    assert (shelf.all[0].asked, shelf.connects) == (1, 1)


@pytest.mark.parametrize("idle", [[NOTHING], []])
async def test_cancelled_while_permission_is_awaited(idle: list[str]) -> None:
    shelf = Shelf(idle, ANSWER)
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(outcome, shelf, Notes(trio.Event()))
            await trio.testing.wait_all_tasks_blocked()
            scope.cancel()
    assert [(each.asked, each.closed) for each in shelf.all] == [(0, 1)]


async def test_a_permission_that_fails_closes_the_connection() -> None:
    class Refused(Notes):
        async def permission(self) -> None:
            raise ZeroDivisionError

    shelf = Shelf([ANSWER], ANSWER)
    with pytest.raises(ZeroDivisionError):
        await ask(a_request(), Refused(), take=shelf.take, connect=shelf.connect)
    assert [(each.asked, each.closed) for each in shelf.all] == [(0, 1)]
