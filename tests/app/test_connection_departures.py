"""A client that leaves: whoever owns its delivery notices at once, whatever is on its way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from support.proxy import Proxy
from support.seeds import over_seeds
from support.visits import Visit, at

from trioproxy.app.hypercorn_fixes import INBOX
from trioproxy.lab.answers import message, message_stream
from trioproxy.lab.script import Chunk, Head, Script, Silence, Take
from trioproxy.model import CallOutcome, ExchangeOutcome

STREAM = message_stream("One two three.")
SLOW = STREAM.script(every_s=1.0)
JSON = message("One.").script()


@pytest.mark.parametrize("at_s", [0.5, 1.5, 3.0])
def test_a_client_that_leaves_is_noticed_at_once_and_its_upstream_let_go(at_s: float) -> None:
    async def story() -> Proxy:
        proxy, visit = Proxy(SLOW), Visit(body=[(0.0, b"{"), (1.0, b"}")])
        await proxy.open(visit, acts=[at(at_s, visit.leave)])
        return proxy

    for _, proxy in over_seeds(story):
        exchange, call = proxy.rows
        assert exchange.outcome is ExchangeOutcome.CLIENT_LEFT
        assert exchange.duration_ms == at_s * 1000
        assert (call is None) is (at_s < 1)  # its body was still coming
        assert all(made.closed_at == at_s for made in proxy.scripted.calls)


def test_a_client_that_leaves_during_a_streaming_upload() -> None:
    async def story() -> Proxy:
        proxy, visit = Proxy(JSON), Visit("/v1/files", [(1.0, b"x")] * 10)
        await proxy.open(visit, acts=[at(4.5, visit.leave)])
        return proxy

    for _, proxy in over_seeds(story):
        exchange, call = proxy.rows
        assert call is not None
        assert (exchange.outcome, call.outcome) == (ExchangeOutcome.CLIENT_LEFT, CallOutcome.ABANDONED)
        assert exchange.duration_ms == 4_500
        assert proxy.scripted.calls[0].body == b"x" * 4


class Deaf(Visit):
    """A client that leaves while a write to it hangs, and whose server notices that the write is in vain only later."""

    def leave(self) -> None:
        self._gone.set()


def test_an_upstream_is_let_go_before_the_write_to_its_client_returns() -> None:
    async def story() -> tuple[Proxy, float]:
        proxy, visit = Proxy(SLOW), Deaf(reads=False)
        await proxy.open(visit, acts=[at(2.5, visit.leave), at(9.0, visit.read_on)])
        closed_at = proxy.scripted.calls[0].closed_at
        assert closed_at is not None
        return proxy, closed_at

    for _, (proxy, closed_at_s) in over_seeds(story):
        exchange, call = proxy.rows
        assert call is not None
        assert closed_at_s == 2.5
        assert (exchange.outcome, call.outcome) == (ExchangeOutcome.CLIENT_LEFT, CallOutcome.ABANDONED)
        assert exchange.duration_ms == 9_000


class Inbox:
    """What our server puts in the scope: it calls as soon as the client is gone, whatever of the body still waits."""

    on_departure: Callable[[], None]


def test_a_departure_is_noticed_behind_an_upload_that_is_held_back() -> None:
    """The upstream takes nothing, so nothing more is received: the disconnect waits behind the body."""

    async def story() -> Proxy:
        proxy = Proxy(Script.of(Silence(), take_bytes_per_s=1))
        visit, inbox = Visit("/v1/files", [(0.0, b"x" * 100)] * 10), Inbox()
        visit.scope["extensions"] = {INBOX: inbox}
        await proxy.open(visit, acts=[at(5.0, lambda: inbox.on_departure())])
        return proxy

    for _, proxy in over_seeds(story):
        exchange, call = proxy.rows
        assert call is not None
        assert (exchange.outcome, call.outcome) == (ExchangeOutcome.CLIENT_LEFT, CallOutcome.ABANDONED)
        assert exchange.duration_ms == 5_000


class Refusing(Visit):
    """A client that refuses to read, of whose end only the inbox tells."""

    def stall(self) -> None:
        self._stalled = True
        self._unblocked.set()


@pytest.mark.parametrize("steps_later", range(4))
def test_a_departure_that_is_told_when_the_delivery_has_ended_does_not_change_how(steps_later: int) -> None:
    """In that very moment: before, while and after the frame ends its watcher."""

    async def story() -> Proxy:
        proxy, visit, inbox = Proxy(JSON), Refusing(reads=False), Inbox()
        visit.scope["extensions"] = {INBOX: inbox}

        async def depart() -> None:
            await trio.sleep_until(5.0)
            for _ in range(steps_later):
                await trio.lowlevel.checkpoint()
            inbox.on_departure()

        await proxy.open(visit, acts=[at(5.0, visit.stall), depart])
        return proxy

    for _, proxy in over_seeds(story):
        assert proxy.rows[0].outcome is ExchangeOutcome.CLIENT_STALLED


def test_a_departure_is_noticed_behind_an_upload_that_nobody_wants_any_more() -> None:
    """The upstream has answered early; the rest of the body is read and dropped."""
    script = Script.of(2.0, Head(413), Chunk(b"{}"), Silence(), take=Take.BESIDE)

    async def story() -> tuple[Proxy, Visit]:
        proxy, visit = Proxy(script), Visit("/v1/files", [(0.1, b"x")] * 30)
        await proxy.open(visit, acts=[at(5.0, visit.leave)])
        return proxy, visit

    for _, (proxy, visit) in over_seeds(story):
        assert visit.status == 413
        assert visit.body == b"{}"
        assert proxy.rows[0].outcome is ExchangeOutcome.CLIENT_LEFT
        assert proxy.rows[0].duration_ms == 5_000
