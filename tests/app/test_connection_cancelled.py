"""A delivery that is cancelled from outside: by a server that stops, or by a connection that fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio
from support.proxy import Proxy
from support.seeds import over_seeds
from support.visits import Visit, at

from trioproxy.lab.answers import message, message_stream
from trioproxy.model import CallOutcome, ExchangeOutcome

SLOW = message_stream("One two three.").script(every_s=1.0)
JSON = message("One.").script()


@pytest.mark.parametrize("at_s", [0.5, 2.5])
def test_a_server_that_stops(at_s: float) -> None:
    async def story() -> tuple[Proxy, Visit]:
        proxy, visit = Proxy(SLOW), Visit()
        await proxy.open(visit, acts=[at(at_s, visit.server_scope.cancel)])
        return proxy, visit

    for _, (proxy, visit) in over_seeds(story):
        exchange, call = proxy.rows
        assert call is not None
        assert (exchange.outcome, call.outcome) == (ExchangeOutcome.SHUTDOWN, CallOutcome.SHUTDOWN)
        assert exchange.duration_ms == at_s * 1000
        assert not visit.finished


def failing_connection(at_s: float) -> Callable[[], Awaitable[Proxy]]:
    """A connection is a nursery: one of its tasks raises, and the requests on it are cancelled."""

    async def story() -> Proxy:
        proxy, visit = Proxy(SLOW), Visit()

        async def reader() -> None:
            await trio.sleep(at_s)
            raise OSError("the connection is broken")

        async def connection() -> None:
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(reader)
                    nursery.start_soon(visit.run, proxy.app)
            except* OSError:
                pass

        await proxy.open(acts=[connection])
        return proxy

    return story


@pytest.mark.parametrize("at_s", [0.5, 2.5])
def test_a_connection_that_fails_is_a_client_that_left(at_s: float) -> None:
    for _, proxy in over_seeds(failing_connection(at_s)):
        exchange, call = proxy.rows
        assert call is not None
        assert (exchange.outcome, call.outcome) == (ExchangeOutcome.CLIENT_LEFT, CallOutcome.ABANDONED)
        assert exchange.duration_ms == at_s * 1000


@pytest.mark.parametrize("how", ["server", "connection", "client"])
@pytest.mark.parametrize("hangs_up", [True, False])
def test_what_happens_once_the_last_send_has_returned_takes_nothing_back(how: str, hangs_up: bool) -> None:
    """In that very moment: the frame has yet to end its watcher."""

    async def story() -> tuple[Proxy, Visit]:
        proxy, visit = Proxy(JSON), Visit()
        visit.hangs_up = hangs_up

        async def cut() -> None:
            await visit.was_finished.wait()
            if how == "server":
                visit.server_scope.cancel()
            elif how == "client":
                visit.leave()
            else:
                raise OSError("the connection is broken")

        async def connection() -> None:
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(cut)
                    nursery.start_soon(visit.run, proxy.app)
            except* OSError:
                pass

        await proxy.open(acts=[connection])
        return proxy, visit

    for _, (proxy, visit) in over_seeds(story):
        assert visit.finished
        assert proxy.rows[0].outcome is ExchangeOutcome.DELIVERED
